// tests/conformance: see answers.hpp.
#include "tests/conformance/answers.hpp"

#include "tests/conformance/vectors.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace muster::tests::conformance {

namespace {

bool is_token(std::string_view text) {
    static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || others.contains(c);
    });
}

bool has_controls(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 32 && c != '\t') || c == 127; });
}

bool is_status_line(std::string_view line) {
    const auto digit = [&](std::size_t at) { return line[at] >= '0' && line[at] <= '9'; };
    return line.size() >= 13 && line.starts_with("HTTP/1.1 ") && line[9] >= '1' && line[9] <= '5' && digit(10) &&
           digit(11) && line[12] == ' ' && !has_controls(line);
}

// The fields between the status line and the empty line; says what is wrong.
std::string read_fields(std::string_view head, answer& into) {
    while (!head.empty()) {
        const auto end = head.find("\r\n");
        const auto line = head.substr(0, end);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || has_controls(line)) {
            return "this is no field: " + escaped(line);
        }
        std::string name(line.substr(0, colon));
        std::ranges::transform(name, name.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        value = value.substr(0, value.find_last_not_of(" \t") + 1);
        into.fields.emplace_back(std::move(name), std::string(value));
        head.remove_prefix(end + 2);
    }
    return {};
}

} // namespace

std::optional<std::string> answer::value(std::string_view lower_name) const {
    std::optional<std::string> all;
    for (const auto& [name, value] : fields) {
        if (name == lower_name) {
            all = all ? *all + ", " + value : value;
        }
    }
    return all;
}

std::string answer::problems() const {
    for (const std::string_view name : {"content-length", "date", "content-type", "connection"}) {
        const auto times = std::ranges::count_if(fields, [&](const auto& field) { return field.first == name; });
        if (times > 1) {
            return fmt::format("{} has {} {} times", status, name, times);
        }
    }
    const auto date = value("date");
    if (!interim() && (!date || date->size() != 29 || !date->ends_with(" GMT"))) {
        return fmt::format("{} has no good Date", status);
    }
    return {};
}

std::size_t heard::finals() const {
    return static_cast<std::size_t>(std::ranges::count_if(answers, [](const answer& a) { return !a.interim(); }));
}

heard read_answers(std::string_view data, const std::set<std::size_t>& heads) {
    heard all;
    std::size_t at = 0;
    while (at != data.size()) {
        const auto unread = data.substr(at);
        all.rest = unread.size();
        const auto line_end = unread.find("\r\n");
        if (line_end != std::string_view::npos && !is_status_line(unread.substr(0, line_end))) {
            all.wrong = "this is no status line: " + escaped(unread.substr(0, line_end));
            return all;
        }
        const auto head_end = unread.find("\r\n\r\n");
        if (head_end == std::string_view::npos) {
            return all;
        }
        answer made;
        made.status = std::stoi(std::string(unread.substr(9, 3)));
        all.wrong = read_fields(unread.substr(line_end + 2, head_end - line_end), made);
        const auto length = made.value("content-length");
        const bool bodiless = made.interim() || made.status == 204;
        if (all.wrong.empty() && (made.value("transfer-encoding") || (bodiless && length))) {
            all.wrong = fmt::format("{} has a length that it must not have", made.status);
        } else if (all.wrong.empty() && !bodiless && made.status != 304 &&
                   (!length || length->empty() || length->size() > 12 ||
                    length->find_first_not_of("0123456789") != std::string::npos)) {
            all.wrong = fmt::format("{} has no good Content-Length", made.status);
        }
        if (!all.wrong.empty()) {
            return all;
        }
        std::size_t size = 0;
        if (!bodiless && made.status != 304 && !heads.contains(all.finals() + 1)) {
            size = std::stoul(*length);
        }
        if (unread.size() - head_end - 4 < size) {
            return all;
        }
        made.body = unread.substr(head_end + 4, size);
        at += head_end + 4 + size;
        made.ends = at;
        all.answers.push_back(std::move(made));
        all.rest = 0;
    }
    return all;
}

} // namespace muster::tests::conformance
