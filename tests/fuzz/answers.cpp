// tests/fuzz: see answers.hpp.
#include "tests/fuzz/answers.hpp"

#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace muster::fuzz {

namespace {

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 10 &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
bool is_date(std::string_view text) {
    constexpr std::string_view form = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    return text.size() == form.size() && std::ranges::equal(text, form, [](unsigned char c, char f) {
               return f == '0'   ? std::isdigit(c) != 0
                      : f == 'A' ? std::isupper(c) != 0
                      : f == 'a' ? std::islower(c) != 0
                                 : c == static_cast<unsigned char>(f);
           });
}

void read_field(answer& into, std::string_view line) {
    const auto colon = line.find(':');
    require(colon != line.npos && is_token(line.substr(0, colon)), "a field of an answer has no name", line);
    auto value = line.substr(colon + 1);
    require(std::ranges::none_of(value, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }),
            "a field of an answer holds a control character", line);
    while (value.starts_with(' ')) {
        value.remove_prefix(1);
    }
    require(!value.ends_with(' '), "a field of an answer ends with a space", line);
    require(into.count(line.substr(0, colon)) == 0, "a field stands twice in an answer", line);
    into.fields.emplace_back(line.substr(0, colon), value);
}

void check_fields(const answer& one) {
    if (one.status < 200) {
        require(one.fields.empty(), "an interim answer has fields");
        return;
    }
    require(is_date(one.field("Date")), "an answer has no date", one.field("Date"));
    require(one.count("X-Request-Id") == 1, "an answer has no id");
    require(one.count("Transfer-Encoding") == 0, "an answer has a Transfer-Encoding");
    const bool bodiless = one.status == 204 || one.status == 304;
    require(one.count("Content-Length") == (bodiless ? 0U : 1U), "an answer has no length, or one too many");
    require(bodiless || is_number(one.field("Content-Length")), "the length of an answer is no number");
    require(one.field("Content-Length").empty() || one.field("Content-Length") == "0" ||
                !one.field("Content-Type").empty(),
            "an answer has a body of no type");
    require(one.status != 405 || !one.field("Allow").empty(), "a 405 without Allow");
    const auto connection = one.field("Connection");
    require(connection.empty() || connection == "close" || connection == "keep-alive",
            "Connection is neither close nor keep-alive", connection);
}

} // namespace

std::string_view answer::field(std::string_view name) const {
    const auto found = std::ranges::find_if(fields, [&](const auto& each) { return same_name(each.first, name); });
    return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

std::size_t answer::count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(fields, [&](const auto& each) { return same_name(each.first, name); }));
}

answer read_answer(std::string_view& stream, bool to_head) {
    answer one;
    const auto end = stream.find("\r\n\r\n");
    if (end == stream.npos) {
        one.size = stream.size();
        one.whole = false;
        stream = {};
        return one;
    }
    auto head = stream.substr(0, end + 2);
    const auto take_line = [&] {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(line.size() + 2);
        require(line.find('\n') == line.npos && line.find('\r') == line.npos, "a line of an answer ends wrongly", line);
        return line;
    };
    const auto status = take_line();
    require(status.size() > 13 && status.starts_with("HTTP/1.1 ") && is_number(status.substr(9, 3)) &&
                status[12] == ' ',
            "an answer has no status line", status);
    one.status = std::atoi(std::string(status.substr(9, 3)).c_str());
    require(one.status >= 100 && one.status < 600, "a status is none", status);
    while (!head.empty()) {
        read_field(one, take_line());
    }
    check_fields(one);
    const bool bodiless = to_head || one.status < 200 || one.status == 204 || one.status == 304;
    const auto length =
        bodiless ? 0U : static_cast<std::size_t>(std::atoi(std::string(one.field("Content-Length")).c_str()));
    one.whole = stream.size() - (end + 4) >= length;
    one.body = stream.substr(end + 4, length);
    one.size = end + 4 + one.body.size();
    stream.remove_prefix(one.size);
    return one;
}

std::string normalised(const answer& one) {
    if (!one.whole) { // it may end within what is replaced below
        return "cut after " + std::to_string(one.size) + " bytes";
    }
    const auto id = std::string(one.field("X-Request-Id"));
    std::string text = std::to_string(one.status) + '\n';
    for (const auto& [name, value] : one.fields) {
        text += name + ": " + (name == "Date" ? "now" : name == "X-Request-Id" ? "ID" : value) + '\n';
    }
    text += '\n';
    auto body = one.body;
    if (one.field("Content-Type").starts_with("application/problem+json") && !id.empty()) {
        const auto member = "\"request_id\":\"" + id;
        if (const auto at = body.find(member); at != body.npos) {
            body.replace(at, member.size(), "\"request_id\":\"ID");
        }
    }
    return text + body;
}

} // namespace muster::fuzz
