// tests/conformance: see vectors.hpp.
#include "tests/conformance/vectors.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

namespace muster::tests::conformance {

namespace {

constexpr std::size_t longest_stream = std::size_t{64} << 20;

struct bad : std::runtime_error {
    using std::runtime_error::runtime_error;
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

bool is_alpha(char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

int hex_value(char c) {
    if (is_digit(c)) {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char at) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(at);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

std::string unescape(std::string_view text) {
    static const std::map<char, char> known{{'r', '\r'}, {'n', '\n'},  {'t', '\t'},
                                            {'0', '\0'}, {'\\', '\\'}, {'s', ' '}};
    std::string out;
    for (std::size_t i = 0; i != text.size(); ++i) {
        const char c = text[i];
        if (c != '\\') {
            if (c < ' ' || c > '~') {
                throw bad("a character has to be written as an escape");
            }
            out += c;
            continue;
        }
        const char next = ++i < text.size() ? text[i] : '\n';
        if (next == 'x') {
            const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                throw bad("\\x needs two hexadecimal digits");
            }
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else if (const auto found = known.find(next); found != known.end()) {
            out += found->second;
        } else {
            throw bad("there is no escape like that (\\r \\n \\t \\0 \\s \\\\ \\xHH)");
        }
    }
    return out;
}

std::size_t number(const std::string& text, std::size_t most) {
    const bool good = !text.empty() && text.size() <= 9 && text.front() != '0' && std::ranges::all_of(text, is_digit);
    if (!good || std::stoul(text) > most) {
        throw bad(fmt::format("'{}' is no number from 1 to {}", text, most));
    }
    return std::stoul(text);
}

bool is_section(const std::string& text) {
    const auto parts = split(text, '.');
    const bool appendix = parts.front().size() == 1 && parts.front().front() >= 'A' && parts.front().front() <= 'Z';
    if (!appendix &&
        (parts.front().empty() || parts.front().front() == '0' || !std::ranges::all_of(parts.front(), is_digit))) {
        return false;
    }
    return std::all_of(parts.begin() + 1, parts.end(),
                       [](const std::string& part) { return !part.empty() && std::ranges::all_of(part, is_digit); });
}

void check_rule(const std::string& value) {
    const auto words = split(value, ' ');
    if (words[0] != "must" && words[0] != "should" && words[0] != "may" && words[0] != "own") {
        throw bad(fmt::format("'{}' is no level: must, should, may or own", words[0]));
    }
    if (value == "own") {
        return;
    }
    const auto is_document = [](std::string_view text) {
        return text.size() > 3 && text.starts_with("rfc") && text[3] != '0' &&
               std::ranges::all_of(text.substr(3), is_digit);
    };
    if (words.size() != 3 || !is_document(words[1]) || !is_section(words[2])) {
        throw bad("a rule is a level, a document and a section: must rfc9112 3.2 (or own, alone)");
    }
}

bool is_status(const std::string& text) {
    if (text == "xxx") {
        return true;
    }
    return text.size() == 3 && text[0] >= '1' && text[0] <= '5' &&
           ((text[1] == 'x' && text[2] == 'x') || (is_digit(text[1]) && is_digit(text[2])));
}

alternative alternative_of(const std::string& value) {
    auto words = split(value, ' ');
    const auto end = words.back();
    words.pop_back();
    if (end != "kept" && end != "closed") {
        throw bad("an answer ends with kept or closed");
    }
    alternative made{.tokens = {}, .kept = end == "kept"};
    bool by_timeout = false;
    for (const auto& word : words) {
        if (!by_timeout && word == "timeout") {
            by_timeout = true;
            continue;
        }
        const bool optional = word.ends_with('?');
        token t{.patterns = split(std::string_view(word).substr(0, word.size() - (optional ? 1 : 0)), '|'),
                .optional = optional,
                .timeout = by_timeout};
        by_timeout = false;
        if (!std::ranges::all_of(t.patterns, is_status)) {
            throw bad(fmt::format("'{}' is no status: 200, 400|431, 4xx, xxx, 100? or timeout before one", word));
        }
        const auto interim = std::ranges::count_if(t.patterns, [](const auto& p) { return p[0] == '1'; });
        if (interim != 0 && interim != std::ssize(t.patterns)) {
            throw bad(fmt::format("'{}' is an interim answer or a final one, it cannot be either", word));
        }
        if (optional && interim == 0) {
            throw bad(fmt::format("only an interim answer can be optional: '{}'", word));
        }
        made.tokens.push_back(std::move(t));
    }
    if (by_timeout && made.kept) {
        throw bad("a connection is not kept by a timeout");
    }
    made.end_by_timeout = by_timeout;
    return made;
}

std::pair<std::size_t, std::string> numbered_of(const std::string& value, bool with_rest) {
    const auto space = value.find(' ');
    const auto n = number(value.substr(0, space), 1000);
    if (with_rest == (space == std::string::npos)) {
        throw bad(with_rest ? "it says the number of an answer and then what it has"
                            : "it says the number of an answer, and nothing else");
    }
    return {n, with_rest ? value.substr(space + 1) : ""};
}

std::string name_of(const std::string& text) {
    const auto of_token = [](char c) {
        return is_alpha(c) || is_digit(c) || std::string_view("!#$%&'*+.^_`|~-").contains(c);
    };
    if (text.empty() || !std::ranges::all_of(text, of_token)) {
        throw bad(fmt::format("'{}' is no field name", text));
    }
    return text;
}

std::size_t size_of(const vector& v) {
    std::size_t size = 0;
    for (const auto& each : v.stream) {
        size += each.bytes.size() * each.times;
    }
    return size;
}

void take_field(vector& v, const std::string& value) {
    const auto [n, rest] = numbered_of(value, true);
    const auto space = rest.find(' ');
    numbered made{.answer = n, .name = name_of(rest.substr(0, space)), .value = std::nullopt};
    if (space != std::string::npos && space + 1 != rest.size()) {
        const auto text = std::string_view(rest).substr(rest.find_first_not_of(' ', space));
        made.value = unescape(text);
    }
    v.fields.push_back(std::move(made));
}

void take_repeat(vector& v, const std::string& value) {
    const auto space = value.find(' ');
    if (space == std::string::npos) {
        throw bad("repeat says how often, and what");
    }
    v.stream.push_back({.bytes = unescape(std::string_view(value).substr(space + 1)),
                        .times = number(value.substr(0, space), longest_stream),
                        .repeated = true});
    if (size_of(v) > longest_stream) {
        throw bad(fmt::format("the stream is longer than {} bytes", longest_stream));
    }
}

void take(vector& v, const std::string& key, const std::string& value, std::set<std::string>& seen) {
    if ((key == "why" || key == "end" || key == "only") && !seen.insert(key).second) {
        throw bad(key + " is there twice");
    }
    if (key == "why") {
        v.why = value;
    } else if (key == "rule") {
        check_rule(value);
        v.rules.push_back(value);
    } else if (key == "send") {
        v.stream.push_back({.bytes = unescape(value)});
    } else if (key == "repeat") {
        take_repeat(v, value);
    } else if (key == "wait") {
        if (value.size() != 3 || value[0] < '1' || value[0] > '5' || !is_digit(value[1]) || !is_digit(value[2])) {
            throw bad(fmt::format("'{}' is no status to wait for", value));
        }
        v.stream.push_back({.bytes = "", .wait = std::stoi(value)});
    } else if (key == "end") {
        if (value != "open" && value != "half-close") {
            throw bad(fmt::format("'{}' is no end: open or half-close", value));
        }
        v.half_close = value == "half-close";
    } else if (key == "only") {
        if (value != "muster") {
            throw bad(fmt::format("'{}' is no server of which there could be vectors: muster", value));
        }
        v.only = value;
    } else if (key == "answer") {
        v.answers.push_back(alternative_of(value));
    } else if (key == "head") {
        const auto n = numbered_of(value, false).first;
        if (!v.heads.insert(n).second) {
            throw bad(fmt::format("head {} is there twice", n));
        }
    } else if (key == "field") {
        take_field(v, value);
    } else if (key == "no-field") {
        const auto [n, rest] = numbered_of(value, true);
        v.no_fields.push_back({.answer = n, .name = name_of(rest), .value = std::nullopt});
    } else if (key == "body") {
        const auto [n, rest] = numbered_of(value, true);
        v.bodies.push_back({.answer = n, .name = "", .value = unescape(rest)});
    } else {
        throw bad(fmt::format("there is no key '{}'", key));
    }
}

void finish(const vector& v) {
    const auto fail = [&](const std::string& what) {
        throw mistake(v.file, v.line, fmt::format("[{}] {}", v.id, what));
    };
    if (v.why.empty()) {
        fail("has no why");
    }
    if (v.rules.empty()) {
        fail("has no rule");
    }
    if (v.answers.empty()) {
        fail("has no answer");
    }
    if (std::ranges::all_of(v.stream, [](const part& p) { return p.wait != 0; })) {
        fail("has no send");
    }
    if (v.stream.front().wait != 0 || v.stream.back().wait != 0) {
        fail("waits before its first byte or after its last one");
    }
    if (v.half_close && std::ranges::any_of(v.answers, &alternative::kept)) {
        fail("ends its side: nothing can be kept");
    }
    std::size_t most = 0;
    for (const auto& a : v.answers) {
        most = std::max(most, a.finals());
    }
    std::set<std::size_t> all = v.heads;
    for (const auto* said : {&v.fields, &v.no_fields, &v.bodies}) {
        for (const auto& each : *said) {
            all.insert(each.answer);
        }
    }
    if (!all.empty() && *all.rbegin() > most) {
        fail(fmt::format("says something of answer {} of {} (interim answers are not counted)", *all.rbegin(), most));
    }
}

bool is_id(std::string_view line) {
    if (line.size() < 3 || !line.ends_with(']')) {
        return false;
    }
    const auto words = split(line.substr(1, line.size() - 2), '-');
    return std::ranges::all_of(words, [](const std::string& word) {
        return !word.empty() && std::ranges::all_of(word, [](char c) { return is_lower(c) || is_digit(c); });
    });
}

} // namespace

bool token::fits(int status) const {
    const auto text = std::to_string(status);
    return std::ranges::any_of(patterns, [&](const std::string& pattern) {
        return std::ranges::equal(pattern, text, [](char p, char s) { return p == 'x' || p == s; });
    });
}

std::string token::text() const {
    return fmt::format("{}{}{}", timeout ? "timeout " : "", fmt::join(patterns, "|"), optional ? "?" : "");
}

std::size_t alternative::finals() const {
    return static_cast<std::size_t>(std::ranges::count_if(tokens, [](const token& t) { return !t.interim(); }));
}

std::string alternative::text() const {
    std::string out;
    for (const auto& each : tokens) {
        out += each.text() + " ";
    }
    return out + (end_by_timeout ? "timeout " : "") + (kept ? "kept" : "closed");
}

std::string vector::canonical() const {
    std::string out = fmt::format("id {}\nwhy {}\nend {}\n", id, why, half_close ? "half-close" : "open");
    if (!only.empty()) {
        out += fmt::format("only {}\n", only);
    }
    for (const auto& rule : rules) {
        out += fmt::format("rule {}\n", rule);
    }
    for (const auto& each : stream) {
        if (each.wait != 0) {
            out += fmt::format("wait {}\n", each.wait);
        } else if (each.repeated) {
            out += fmt::format("repeat {} {}\n", each.times, hex(each.bytes));
        } else {
            out += fmt::format("send {}\n", hex(each.bytes));
        }
    }
    for (const auto& each : answers) {
        out += fmt::format("answer {}\n", each.text());
    }
    for (const auto n : heads) {
        out += fmt::format("head {}\n", n);
    }
    for (const auto& each : fields) {
        out += fmt::format("field {} {}{}\n", each.answer, each.name, each.value ? " " + hex(*each.value) : "");
    }
    for (const auto& each : no_fields) {
        out += fmt::format("no-field {} {}\n", each.answer, each.name);
    }
    for (const auto& each : bodies) {
        out += fmt::format("body {} {}\n", each.answer, hex(*each.value));
    }
    return out;
}

std::string vector::digest() const {
    std::uint64_t value = 0xCBF29CE484222325;
    for (const char c : canonical()) {
        value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    }
    return fmt::format("{:016x}", value);
}

std::vector<vector> parse(std::string_view text, const std::string& file) {
    std::vector<vector> all;
    std::set<std::string> seen;
    bool open = false;
    bool may_begin = true;
    bool blank = false;
    const auto lines = split(text, '\n');
    for (std::size_t i = 0; i != lines.size(); ++i) {
        const auto& line = lines[i];
        const auto fail = [&](const std::string& what) { throw mistake(file, i + 1, what); };
        if (line.starts_with('#')) {
            blank = false;
            continue;
        }
        if (line.empty()) {
            if (blank && i + 1 != lines.size()) {
                fail("one blank line is enough");
            }
            if (open) {
                finish(all.back());
            }
            open = false;
            may_begin = blank = true;
            continue;
        }
        blank = false;
        if (std::ranges::any_of(line, [](char c) { return (c >= 0 && c < 32) || c == 127; })) {
            fail("a control character has to be written as an escape");
        }
        if (line.ends_with(' ')) {
            fail("a space at the end of a line has to be written as \\s");
        }
        if (line.starts_with('[')) {
            if (!is_id(line)) {
                fail("an id is [a-z0-9-]");
            }
            if (open || !may_begin) {
                fail("a vector begins after a blank line");
            }
            const auto id = line.substr(1, line.size() - 2);
            if (std::ranges::find(all, id, &vector::id) != all.end()) {
                fail(fmt::format("[{}] is there twice", id));
            }
            all.emplace_back();
            all.back().id = id;
            all.back().file = file;
            all.back().line = i + 1;
            open = true;
            may_begin = false;
            seen.clear();
            continue;
        }
        if (!open) {
            fail("this belongs to no vector: a vector begins with its [id]");
        }
        const auto space = line.find(' ');
        const auto key = line.substr(0, space);
        if (space == std::string::npos) {
            fail(key + " says nothing");
        }
        try {
            take(all.back(), key, line.substr(line.find_first_not_of(' ', space)), seen);
        } catch (const bad& why) {
            fail(why.what());
        }
    }
    if (open) {
        finish(all.back());
    }
    return all;
}

std::vector<vector> read_all(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".vectors") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    std::vector<vector> all;
    std::map<std::string, std::string> places;
    for (const auto& path : files) {
        std::ifstream in(path, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        for (auto& each : parse(text, path.filename().string())) {
            if (const auto [there, added] = places.emplace(each.id, each.file); !added) {
                throw mistake(each.file, each.line, fmt::format("[{}] is in {} already", each.id, there->second));
            }
            all.push_back(std::move(each));
        }
    }
    return all;
}

std::string escaped(std::string_view bytes, std::size_t most) {
    std::string out;
    for (const char c : bytes.substr(0, most)) {
        switch (c) {
        case '\r':
            out += "\\r";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\\':
            out += "\\\\";
            break;
        default:
            out += c >= ' ' && c <= '~' ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return bytes.size() > most ? fmt::format("{}... ({} bytes)", out, bytes.size()) : out;
}

} // namespace muster::tests::conformance
