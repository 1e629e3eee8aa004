// views/: RFC 3339 by the standard library's calendar (proleptic Gregorian, no leap seconds, as the Unix epoch has it).
#include "views/timestamp.hpp"

#include <chrono>
#include <cstddef>

namespace muster::views {
namespace {

constexpr std::int64_t first = -62'135'596'800; // 0001-01-01T00:00:00Z
constexpr std::int64_t last = 253'402'300'799;  // 9999-12-31T23:59:59Z

} // namespace

std::optional<std::array<char, 20>> rfc3339(std::int64_t unix_seconds) noexcept {
    if (unix_seconds < first || unix_seconds > last)
        return std::nullopt;

    const std::chrono::sys_seconds moment{std::chrono::seconds{unix_seconds}};
    const auto midnight = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{midnight};
    const std::chrono::hh_mm_ss time{moment - midnight};

    std::array<char, 20> text{};
    std::size_t at = 0;
    const auto put = [&](unsigned value, unsigned digits, char after) {
        for (unsigned i = digits; i-- > 0; value /= 10)
            text[at + i] = static_cast<char>('0' + value % 10);
        at += digits;
        text[at++] = after;
    };
    put(static_cast<unsigned>(static_cast<int>(date.year())), 4, '-');
    put(static_cast<unsigned>(date.month()), 2, '-');
    put(static_cast<unsigned>(date.day()), 2, 'T');
    put(static_cast<unsigned>(time.hours().count()), 2, ':');
    put(static_cast<unsigned>(time.minutes().count()), 2, ':');
    put(static_cast<unsigned>(time.seconds().count()), 2, 'Z');
    return text;
}

} // namespace muster::views
