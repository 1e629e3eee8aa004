// server/: see http_date.hpp.
#include "server/http_date.hpp"

#include <array>
#include <cstdio>

namespace muster::server {

std::string http_date(std::time_t seconds) {
    static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm t{};
    ::gmtime_r(&seconds, &t);
    std::array<char, 64> text{};
    const int n = std::snprintf(
        text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", days.at(static_cast<std::size_t>(t.tm_wday)),
        t.tm_mday, months.at(static_cast<std::size_t>(t.tm_mon)), t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    return {text.data(), static_cast<std::size_t>(n)};
}

std::string_view date_cache::now() {
    std::timespec time{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &time); // no system call, and a tick is exact enough for a second
    if (time.tv_sec != second_) {
        text_ = http_date(time.tv_sec);
        second_ = time.tv_sec;
    }
    return text_;
}

} // namespace muster::server
