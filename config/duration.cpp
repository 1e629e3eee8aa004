// config/: durations are whole numbers with a unit; a bare number is refused, since nobody remembers its unit.
#include "config/duration.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <system_error>

namespace muster::config {
namespace {

struct unit {
    std::string_view name;
    std::int64_t milliseconds;
};

constexpr unit units[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

} // namespace

std::expected<std::chrono::milliseconds, std::string> parse_duration(std::string_view text,
                                                                     std::chrono::milliseconds least) {
    std::int64_t count = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, count);
    const std::string_view name{stopped, end};
    const auto found = std::ranges::find(units, name, &unit::name);
    if (error == std::errc::invalid_argument || found == std::end(units))
        return std::unexpected{std::string{"not a duration; write 250ms, 5s or 2m"}};
    if (error == std::errc{} && (count < 0 || (count == 0 && least.count() > 0)))
        return std::unexpected{std::string{"must be longer than zero"}};
    if (error != std::errc{} || count > longest_duration.count() / found->milliseconds)
        return std::unexpected{std::string{"must be at most 24h"}};
    return std::chrono::milliseconds{count * found->milliseconds};
}

std::string to_string(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    for (const auto& each : units)
        if (count % each.milliseconds == 0 && (count != 0 || each.name == "s"))
            return std::to_string(count / each.milliseconds) + std::string{each.name};
    return std::to_string(count) + "ms";
}

} // namespace muster::config
