// handlers/: the request methods that a route can name (RFC 9110, section 9; PATCH: RFC 5789).
#pragma once

#include <cstdint>
#include <string_view>

namespace muster::handlers {

enum class method : std::uint8_t { get, head, options, post, put, delete_, patch, other };

/// Case-sensitive, as methods are: "get" is `other`.
[[nodiscard]] method parse_method(std::string_view token) noexcept;

/// "GET", ...; of `other` the empty string.
[[nodiscard]] std::string_view to_string(method verb) noexcept;

} // namespace muster::handlers
