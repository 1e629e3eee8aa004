// upstream/: see person_rules.hpp.
#include "upstream/person_rules.hpp"

#include "syntax/ascii.hpp"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace muster::upstream {

namespace {

constexpr std::int64_t first_second = -62'135'596'800; // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;  // 9999-12-31T23:59:59Z

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool starts_with(std::string_view text, std::string_view beginning) {
    return syntax::equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

} // namespace

std::string_view fault_of_text(std::string_view text) {
    if (!simdjson::validate_utf8(text))
        return "is not valid UTF-8";
    if (text.contains('\0'))
        return "holds a NUL (U+0000)";
    return {};
}

std::string_view fault_of_website(std::string_view url) {
    if (url.empty())
        return {};
    const std::size_t scheme = starts_with(url, "https://") ? 8 : starts_with(url, "http://") ? 7 : 0;
    const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
    const auto authority = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
    // RFC 9110, 4.2.1: without a host it is no URL of http. Of "host:port" the host is what may not be empty.
    if (scheme == 0 || authority.empty() || authority.front() == ':' || std::ranges::any_of(url, is_blank))
        return "must be empty or a URL such as https://ada.example/";
    if (authority.contains('@')) // RFC 9110, 4.2.4
        return "names a user or a password in front of @, which everybody would be served: leave them out";
    return {};
}

std::string_view fault_of_language(std::string_view tag) {
    constexpr std::size_t longest_subtag = 8; // RFC 5646, section 2.1
    std::size_t length = 0;
    bool well = !tag.empty() && is_letter(tag.front());
    for (const char c : tag) {
        length = c == '-' ? 0 : length + 1;
        well = well && (c == '-' || is_letter(c) || is_digit(c)) && length <= longest_subtag;
    }
    if (!well || length == 0 || tag.contains("--"))
        return "must be a language tag such as en or pt-BR";
    return {};
}

std::string_view fault_of_time(std::int64_t seconds) {
    return seconds < first_second || seconds > last_second ? "is outside the years 0001 to 9999" : std::string_view{};
}

std::optional<std::int64_t> parse_time(std::string_view text) {
    constexpr std::string_view form = "0000-00-00T00:00:00Z";
    if (text.size() != form.size())
        return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == '0' ? !is_digit(text[i]) : text[i] != form[i])
            return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t digits) {
        int value = 0;
        for (const char c : text.substr(at, digits))
            value = 10 * value + (c - '0');
        return value;
    };
    const std::chrono::year_month_day date{std::chrono::year{number(0, 4)},
                                           std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                           std::chrono::day{static_cast<unsigned>(number(8, 2))}};
    const auto hour = number(11, 2);
    const auto minute = number(14, 2);
    const auto second = number(17, 2);
    if (!date.ok() || number(0, 4) == 0 || hour > 23 || minute > 59 || second > 59)
        return std::nullopt;
    const std::chrono::sys_seconds midnight = std::chrono::sys_days{date};
    return midnight.time_since_epoch().count() + 3600 * hour + 60 * minute + second;
}

} // namespace muster::upstream
