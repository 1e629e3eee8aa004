// tests/fuzz: percent-decoding and the reading of queries and targets, against naive ones. Of an input the part before
// the first line break is the text, what follows is the name that is looked for in it.
#include "handlers/percent.hpp"
#include "handlers/target.hpp"
#include "tests/fuzz/check.hpp"

#include <cctype>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace muster::fuzz {

namespace {

// All 484 escapes, written out once.
const std::map<std::string, char, std::less<>>& escapes() {
    static const auto all = [] {
        std::map<std::string, char, std::less<>> made;
        for (const std::string high : {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a",
                                       "b", "c", "d", "e", "f", "A", "B", "C", "D", "E", "F"}) {
            for (const std::string low : {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a",
                                          "b", "c", "d", "e", "f", "A", "B", "C", "D", "E", "F"}) {
                made['%' + high + low] = static_cast<char>(std::stoi(high + low, nullptr, 16));
            }
        }
        return made;
    }();
    return all;
}

struct naive {
    std::string plain;
    bool valid = true;
};

naive decode(std::string_view text) {
    naive result;
    while (!text.empty()) {
        const auto found = escapes().find(text.substr(0, 3));
        if (found != escapes().end()) {
            result.plain += found->second;
            text.remove_prefix(3);
        } else {
            result.valid = result.valid && text.front() != '%';
            result.plain += text.front();
            text.remove_prefix(1);
        }
    }
    return result;
}

// Every byte its own way: as it is, with capitals, or without.
std::string encode(std::string_view plain, unsigned how) {
    std::string text;
    for (const char c : plain) {
        how = how * 1'103'515'245U + 12'345U;
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 && (how >> 16) % 2 == 0) {
            text += c;
        } else {
            const std::string_view digits = (how >> 17) % 2 == 0 ? "0123456789ABCDEF" : "0123456789abcdef";
            text += '%';
            text += digits[byte / 16];
            text += digits[byte % 16];
        }
    }
    return text;
}

std::string form_decoded(std::string_view text) {
    std::string spaced;
    for (const char c : text) {
        spaced += c == '+' ? ' ' : c;
    }
    return decode(spaced).plain;
}

std::optional<std::string> value_of(std::string_view query, std::string_view name) {
    std::string pair;
    for (std::size_t i = 0; i <= query.size(); ++i) {
        if (i != query.size() && query[i] != '&') {
            pair += query[i];
            continue;
        }
        const auto equals = pair.find('=');
        if (!pair.empty() && form_decoded(pair.substr(0, equals)) == name) {
            return equals == pair.npos ? "" : form_decoded(pair.substr(equals + 1));
        }
        pair.clear();
    }
    return std::nullopt;
}

bool part_of(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void check_target(std::string_view text) {
    const auto parts = handlers::parse_target(text);
    if (!parts) {
        return;
    }
    for (const auto part : {parts->path, parts->query}) { // the authority is server/host's to look at
        require(part.find_first_of(std::string_view("\0 \t\r\n\x7f#", 7)) == part.npos,
                "a target holds what none may hold", text);
    }
    require(part_of(parts->authority, text) && part_of(parts->query, text), "a part of a target is none", text);
    if (parts->form == handlers::target_form::asterisk) {
        return require(text == "*", "a target was taken for *", text);
    }
    require(parts->path.starts_with('/'), "a path does not begin with a slash", text, parts->path);
    require(parts->path.find('?') == parts->path.npos, "a path holds a query", text, parts->path);
    std::string again(parts->path);
    const bool asks = text.find('?') != text.npos;
    again += (asks ? "?" : "") + std::string(parts->query);
    if (parts->form == handlers::target_form::origin) {
        return require(again == text, "a target is not the sum of its parts", text, again);
    }
    require(!parts->authority.empty() && parts->authority.find_first_of("/?@") == parts->authority.npos,
            "an authority is none", text, parts->authority);
    const auto behind =
        text.substr(static_cast<std::size_t>(parts->authority.data() - text.data()) + parts->authority.size());
    require(again == behind || again == '/' + std::string(behind), "a target is not the sum of its parts", text, again);
}

void look_at(std::string_view text, std::string_view name) {
    const auto expected = decode(text);
    require(handlers::percent_valid(text) == expected.valid, "valid or not?", text);
    std::string decoded = "before";
    handlers::append_percent_decoded(decoded, text);
    require(decoded == "before" + expected.plain, "decoded to something else", expected.plain, decoded);

    const auto encoded = encode(text, static_cast<unsigned>(text.size()));
    std::string back;
    handlers::append_percent_decoded(back, encoded);
    require(handlers::percent_valid(encoded) && back == text, "encoded and decoded is another text", text, back);

    const auto value = handlers::query_value(text, name);
    const auto naive_value = value_of(text, name);
    require(value == naive_value, "the query says something else", naive_value.value_or("(nothing)"),
            value.value_or("(nothing)"));
    const auto one = encode(name, 1) + '=' + encode(text, 2);
    require(handlers::query_value("x=&" + one + "&y", name) ==
                std::optional(name == "x" ? std::string{} : std::string(text)),
            "a value that was put into a query is not found", one);
    check_target(text);
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const auto end = std::min(all.find('\n'), all.size());
    muster::fuzz::look_at(all.substr(0, end), all.substr(std::min(end + 1, all.size())));
    return 0;
}
