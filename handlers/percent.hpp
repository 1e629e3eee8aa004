// handlers/: percent-encoding (RFC 3986, section 2.1) and the form encoding of queries (WHATWG URL, section 5.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::handlers {

/// Whether every '%' is followed by two hexadecimal digits.
[[nodiscard]] bool percent_valid(std::string_view text) noexcept;

/// Appends `text` decoded; a '%' that begins no escape stays as it is. The result may hold any byte, also zero.
void append_percent_decoded(std::string& out, std::string_view text);

/// The value of the first parameter of that name in `query` (what follows the '?'), decoded: '+' is a space, a '%'
/// that begins no escape stays. A name without '=' has the empty value. Nothing if there is no such parameter.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

} // namespace muster::handlers
