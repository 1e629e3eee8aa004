// handlers/: errors as a client sees them: application/problem+json (RFC 9457), always with the request's id.
#pragma once

#include "handlers/errors.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace muster::handlers {

/// One error. Its type is "about:blank": what kind it is, the status says.
struct problem {
    int status = 500;
    std::string title{};                               ///< empty: the status's phrase
    std::string detail{};                              ///< for the client, one sentence; empty: left out
    std::optional<explanation> why{};                  ///< its members, as explanation_json.hpp writes them
    explain how_much = explain::full;                  ///< of it
    std::optional<std::chrono::seconds> retry_after{}; ///< becomes a header and a member "retry_after" (seconds)
};

/// The answer: {"type":"about:blank","title":...,"status":...,"detail":...,"request_id":...,
/// and what explains it}; never cached.
[[nodiscard]] response to_response(const problem& error, std::string_view request_id);

/// 400: what the client sent cannot be right.
[[nodiscard]] response bad_request(const request& request, std::string detail);

} // namespace muster::handlers
