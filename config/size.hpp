// config/: sizes as people write them.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace muster::config {

/// Reads `512B`, `16KiB`, `1MiB` or `2GiB`: a whole number and its unit, `least` to `most` bytes. The error is a phrase
/// that says what to write instead.
[[nodiscard]] std::expected<std::uint64_t, std::string> parse_size(std::string_view text, std::uint64_t least,
                                                                   std::uint64_t most);

/// The shortest form that parse_size() reads back: `1000B`, `16KiB`, `2MiB`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

} // namespace muster::config
