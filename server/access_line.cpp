// server/: see access_line.hpp.
#include "server/access_line.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <ctime>
#include <iterator>

namespace muster::server {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

bool is_plain(char c) noexcept {
    return c > ' ' && c <= '~' && c != '\\';
}

// `text` is printable ASCII.
void append_string(std::string& to, std::string_view text) {
    to += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            to += '\\';
        }
        to += c;
    }
    to += '"';
}

void append_field(std::string& to, std::string_view name, std::string_view text,
                  std::size_t longest = longest_log_word) {
    to.append(",\"").append(name).append("\":");
    if (text.empty()) {
        to += "null";
    } else {
        append_string(to, escaped(text, longest));
    }
}

bool may_name_a_user(std::string_view target) noexcept {
    return !target.starts_with('/') || target.starts_with("//");
}

std::string word(std::string_view text, std::size_t longest = longest_log_word) {
    return text.empty() ? "-" : escaped(text, longest);
}

// Nothing if there are none. The names are ours, not as they came.
void append_ignored(std::string& to, handlers::deadline_header_set ignored, std::string_view begin,
                    std::string_view quote, std::string_view end) {
    if (ignored == 0) {
        return;
    }
    to += begin;
    bool first = true;
    handlers::for_each_header(ignored, [&](std::string_view name) {
        to.append(first ? "" : ",").append(quote).append(name).append(quote);
        first = false;
    });
    to += end;
}

double milliseconds(std::chrono::nanoseconds d) noexcept {
    return std::chrono::duration<double, std::milli>(d).count();
}

} // namespace

std::string escaped(std::string_view text, std::size_t longest) {
    std::string result;
    for (const char c : text.substr(0, longest)) {
        if (is_plain(c)) {
            if (result.size() == longest) {
                break;
            }
            result += c;
        } else {
            if (result.size() + 4 > longest) {
                break;
            }
            const auto byte = static_cast<unsigned char>(c);
            result += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
        }
    }
    return result;
}

std::string masked_target(std::string_view target) {
    if (!may_name_a_user(target)) {
        return std::string(target);
    }
    const auto slashes = target.find("//");
    const bool in_scheme = slashes != std::string_view::npos && target.find_first_of("/?#") == slashes;
    const auto begin = in_scheme ? slashes + 2 : 0;
    const auto end = target.find_first_of("/?#", begin);
    const auto authority = target.substr(begin, end == std::string_view::npos ? end : end - begin);
    const bool cut = end == std::string_view::npos && target.size() >= request_record::longest_target &&
                     (in_scheme || authority.contains(':'));
    const auto at = cut ? authority.size() : authority.rfind('@');
    if (at == std::string_view::npos) {
        return std::string(target);
    }
    return std::string(target.substr(0, begin)).append("***").append(target.substr(begin + at));
}

void access_lines::append_time(std::string& to, std::chrono::system_clock::time_point time) {
    const auto ms = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
    const auto second = ms / 1000;
    if (second != second_) {
        second_ = second;
        const auto seconds = static_cast<std::time_t>(second);
        std::tm t{};
        ::gmtime_r(&seconds, &t);
        std::array<char, 40> text{};
        date_.assign(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &t));
    }
    to += date_;
    fmt::format_to(std::back_inserter(to), ".{:03}Z", ms - (second * 1000));
}

void access_lines::append(std::string& to, const request_record& record) {
    constexpr auto longest = request_record::longest_target;
    std::string masked;
    std::string_view target = record.target;
    if (may_name_a_user(target) && !target.empty()) { // else, as ever, it is not copied
        masked = masked_target(target);
        target = masked;
    }
    if (!json_) {
        append_time(to, record.began);
        fmt::format_to(std::back_inserter(to), " {} {} {:.3f} ms {} B {} {} route {} peer {} request {}", record.status,
                       word(record.cause), milliseconds(record.took), record.bytes, word(record.method),
                       word(target, longest), word(record.route, longest), word(record.peer), word(record.request_id));
        if (record.budget) {
            fmt::format_to(std::back_inserter(to), " budget {} ms", record.budget->count());
        }
        append_ignored(to, record.ignored, " ignored ", "", "");
        to += '\n';
        return;
    }
    to += R"({"time":")";
    append_time(to, record.began);
    to += '"';
    append_field(to, "request_id", record.request_id);
    append_field(to, "peer", record.peer);
    append_field(to, "method", record.method);
    append_field(to, "route", record.route, longest);
    append_field(to, "target", target, longest);
    fmt::format_to(std::back_inserter(to), ",\"status\":{}", record.status);
    append_field(to, "cause", record.cause);
    fmt::format_to(std::back_inserter(to), ",\"duration_ms\":{:.3f},\"bytes\":{}", milliseconds(record.took),
                   record.bytes);
    if (record.budget) {
        fmt::format_to(std::back_inserter(to), ",\"budget_ms\":{}", record.budget->count());
    }
    append_ignored(to, record.ignored, ",\"ignored\":[", "\"", "]");
    to += "}\n";
}

void access_lines::append_dropped(std::string& to, std::chrono::system_clock::time_point now, std::uint64_t n) {
    if (json_) {
        to += R"({"time":")";
        append_time(to, now);
        fmt::format_to(std::back_inserter(to), "\",\"dropped\":{}}}\n", n);
    } else {
        append_time(to, now);
        fmt::format_to(std::back_inserter(to), " dropped {} {}\n", n, n == 1 ? "record" : "records");
    }
}

} // namespace muster::server
