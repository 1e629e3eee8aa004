// server/: base64 as Basic authentication needs it, and no more: Beast's own is not for others to use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::server {

/// The bytes that `text` stands for (RFC 4648, section 4: with padding). Nothing for anything else: characters outside
/// the alphabet, white space, a wrong length, bits in the last character that no byte has.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

} // namespace muster::server
