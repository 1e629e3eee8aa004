// views/: moments as text, without a locale, a time zone or a clock.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace muster::views {

/// Seconds since the Unix epoch as RFC 3339 in UTC, "2024-05-01T12:00:00Z": always 20 characters, no terminating zero.
/// Nothing outside the years 0001 .. 9999.
[[nodiscard]] std::optional<std::array<char, 20>> rfc3339(std::int64_t unix_seconds) noexcept;

} // namespace muster::views
