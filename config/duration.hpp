// config/: durations as people write them.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace muster::config {

/// No limit of this server is longer: beyond it lies a typing error.
inline constexpr std::chrono::milliseconds longest_duration{std::chrono::hours{24}};

/// Reads `250ms`, `5s`, `2m` or `1h`: a whole number above zero (or zero, if that is the `least`) and its unit, at most
/// 24h. The error is a phrase that says what to write instead.
[[nodiscard]] std::expected<std::chrono::milliseconds, std::string>
parse_duration(std::string_view text, std::chrono::milliseconds least = std::chrono::milliseconds{1});

/// The shortest form that parse_duration() reads back: `1500ms`, `5s`, `2m`.
[[nodiscard]] std::string to_string(std::chrono::milliseconds duration);

} // namespace muster::config
