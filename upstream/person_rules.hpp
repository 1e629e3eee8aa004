// upstream/: what a person's fields have to be, as pure functions. Each complaint is a phrase that follows the field's
// name; empty is well.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace muster::upstream {

inline constexpr std::string_view bad_id = "must be a whole number from 1 to 9223372036854775807";
inline constexpr std::string_view bad_time = "must be a time such as 2024-05-01T12:00:00Z";

[[nodiscard]] std::string_view fault_of_text(std::string_view text);
[[nodiscard]] std::string_view fault_of_website(std::string_view url);
[[nodiscard]] std::string_view fault_of_language(std::string_view tag);

/// Of seconds since the Unix epoch: only the years 0001 .. 9999 can be written.
[[nodiscard]] std::string_view fault_of_time(std::int64_t seconds);

/// Reads `2024-05-01T12:00:00Z`, the one form that views::rfc3339 writes; nothing if it is none or no such moment.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text);

} // namespace muster::upstream
