// handlers/: what a handler answers. Plain values: the session adds Date, Content-Length, X-Content-Type-Options:
// nosniff and Connection, writes it, and leaves the body out where HTTP says so (HEAD, 204).
#pragma once

#include "handlers/header_list.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace muster::handlers {

struct response {
    int status = 200;
    std::string_view content_type{}; ///< of static storage duration (a literal); empty: no Content-Type
    std::string body{};
    header_list headers{};                             ///< those that have no member here
    std::optional<std::chrono::seconds> retry_after{}; ///< becomes the header of that name
    std::string_view cache_control = "no-store";       ///< as content_type; no answer goes without
};

namespace content_types {
inline constexpr std::string_view json = "application/json";
inline constexpr std::string_view problem = "application/problem+json";
inline constexpr std::string_view text = "text/plain; charset=utf-8";
} // namespace content_types

/// An answer with a body of that (static) type and the given (static) Cache-Control: "private" is for users' data,
/// "no-store" for what is true at this moment only.
[[nodiscard]] response answer(int status, std::string_view content_type, std::string body,
                              std::string_view cache_control);

/// Text for people and probes, never cached.
[[nodiscard]] response text(int status, std::string body);

/// "Not Found" of 404, ...; of a status without a name "Error".
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

} // namespace muster::handlers
