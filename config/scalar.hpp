// config/: numbers, switches, and how a value is shown in a message. Errors are phrases that follow a colon.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace muster::config {

/// A decimal number without sign or spaces, `least` to `most`.
[[nodiscard]] std::expected<std::uint64_t, std::string> parse_number(std::string_view text, std::uint64_t least,
                                                                     std::uint64_t most);

/// true, yes, on, 1 or false, no, off, 0.
[[nodiscard]] std::expected<bool, std::string> parse_switch(std::string_view text);

/// Whether a control character (below 0x20, or 0x7f) is in it.
[[nodiscard]] bool has_control(std::string_view text);

/// `text` made fit for one line of a message: passwords of URLs hidden, control characters as \xNN, what is beyond
/// 120 bytes left out, quotes around it when it is empty or has a space.
[[nodiscard]] std::string shown_value(std::string_view text);

} // namespace muster::config
