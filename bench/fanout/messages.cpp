// bench/fanout: see messages.hpp.
#include "bench/fanout/messages.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <system_error>

namespace muster::bench {

namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::string_view length_field = "\r\ncontent-length:";

bool same_letters(std::string_view text, std::string_view lower) {
    return std::ranges::equal(text, lower, [](char c, char wanted) {
        return c == wanted || (c >= 'A' && c <= 'Z' && c - 'A' + 'a' == wanted);
    });
}

template <class Number>
Number number_of(std::string_view digits, std::string_view& rest) {
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{}) {
        value = -1;
    }
    rest = digits.substr(static_cast<std::size_t>(end - digits.data()));
    return value;
}

std::size_t length_of_body(std::string_view head) {
    for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
        if (same_letters(head.substr(at, length_field.size()), length_field)) {
            auto digits = head.substr(at + length_field.size());
            digits.remove_prefix(std::min(digits.size(), digits.find_first_not_of(' ')));
            const auto length = number_of<long>(digits, digits);
            if (length >= 0) {
                return static_cast<std::size_t>(length);
            }
        }
    }
    throw not_understood("an answer without a Content-Length: " + std::string(head));
}

bool take(std::string_view& text, std::string_view prefix) {
    const bool there = text.starts_with(prefix);
    text.remove_prefix(there ? prefix.size() : 0);
    return there;
}

} // namespace

std::optional<question> first_question(std::string_view bytes) {
    const auto end = bytes.find(end_of_head);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    auto target = bytes;
    if (!take(target, "GET ")) {
        throw not_understood("not a GET: " + std::string(bytes.substr(0, end)));
    }
    return question{.target = target.substr(0, target.find(' ')), .size = end + end_of_head.size()};
}

std::optional<answer> first_answer(std::string_view bytes) {
    const auto end = bytes.find(end_of_head);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const auto head = bytes.substr(0, end);
    auto status = head;
    if (!take(status, "HTTP/1.1 ")) {
        throw not_understood("not an answer of HTTP/1.1: " + std::string(head));
    }
    const auto body_at = end + end_of_head.size();
    const auto length = length_of_body(head);
    if (bytes.size() - body_at < length) {
        return std::nullopt;
    }
    return answer{
        .status = number_of<int>(status, status), .body = bytes.substr(body_at, length), .size = body_at + length};
}

std::string get_request(std::string_view target) {
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: muster-bench\r\nAccept: application/json\r\n\r\n";
}

std::string json_answer(std::string_view date, std::string_view body) {
    std::string text = "HTTP/1.1 200 OK\r\nDate: ";
    text.append(date);
    text += "\r\nContent-Type: application/json\r\nCache-Control: private\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Length: ";
    text += std::to_string(body.size());
    text += end_of_head;
    text.append(body);
    return text;
}

std::string http_date() {
    const auto seconds = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 40> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

asked read_target(std::string_view target) noexcept {
    auto rest = target;
    if (take(rest, "/api/users/")) {
        const auto id = number_of<std::int64_t>(rest, rest);
        const auto what = rest.empty()                 ? resource::user
                          : rest == "/profile"         ? resource::profile
                          : rest.starts_with("/posts") ? resource::posts
                                                       : resource::other;
        return {what, id};
    }
    const auto what = take(rest, "/bench/user/") ? resource::pair
                      : take(rest, "/user/")     ? resource::page
                                                 : resource::other;
    return {what, what == resource::other ? 0 : number_of<std::int64_t>(rest, rest)};
}

} // namespace muster::bench
