// views/: the JSON writer. Nearly all text needs no escape, so the scan goes eight bytes at a time and copies whole
// runs.
#include "views/json_writer.hpp"

#include "views/timestamp.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace muster::views {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

constexpr std::uint64_t every_byte(unsigned char byte) {
    return 0x0101010101010101U * byte;
}

// Not zero if one of the eight bytes is below 0x20, a quote, a backslash or beyond ASCII. The borrow of the
// subtractions may add false positives behind a true one, never hide one: "zero" is exact.
constexpr std::uint64_t special_bytes(std::uint64_t word) {
    const std::uint64_t high = every_byte(0x80);
    const std::uint64_t quote = word ^ every_byte('"');
    const std::uint64_t backslash = word ^ every_byte('\\');
    return (word | (word - every_byte(0x20)) | (quote - every_byte(1)) | (backslash - every_byte(1))) & high;
}

constexpr bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

const char* skip_plain(const char* at, const char* end) {
    while (end - at >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        if (special_bytes(word) != 0)
            break;
        at += 8;
    }
    while (at != end && is_plain(static_cast<unsigned char>(*at)))
        ++at;
    return at;
}

struct sequence {
    std::ptrdiff_t length; // of the character, or of the maximal subpart to be replaced; at least 1
    bool well_formed;
};

// One UTF-8 sequence at `at` (not ASCII), by Unicode's table 3-7: only the second byte's range depends on the first.
sequence utf8_sequence(const char* at, const char* end) {
    const auto lead = static_cast<unsigned char>(*at);
    std::ptrdiff_t length = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        if (lead == 0xE0)
            low = 0xA0; // else overlong
        else if (lead == 0xED)
            high = 0x9F; // else a surrogate
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        if (lead == 0xF0)
            low = 0x90; // else overlong
        else if (lead == 0xF4)
            high = 0x8F; // else beyond U+10FFFF
    } else {
        return {1, false}; // a continuation byte without a lead, C0, C1, F5 .. FF
    }
    for (std::ptrdiff_t i = 1; i < length; ++i) {
        if (at + i == end)
            return {i, false};
        const auto byte = static_cast<unsigned char>(at[i]);
        if (byte < low || byte > high)
            return {i, false};
        low = 0x80;
        high = 0xBF;
    }
    return {length, true};
}

void append_escape(std::string& out, unsigned char byte) {
    switch (byte) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\b':
        out += "\\b";
        return;
    case '\f':
        out += "\\f";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        break;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    out += "\\u00";
    out += digits[byte >> 4];
    out += digits[byte & 0xF];
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    const char* run = text.data();
    const char* at = run;
    const char* const end = run + text.size();
    const auto flush = [&] { out.append(run, static_cast<std::size_t>(at - run)); };
    out += '"';
    while ((at = skip_plain(at, end)) != end) {
        const auto byte = static_cast<unsigned char>(*at);
        if (byte < 0x80) {
            flush();
            append_escape(out, byte);
            run = ++at;
        } else if (const auto [length, well_formed] = utf8_sequence(at, end); well_formed) {
            at += length; // stays in the run
        } else {
            flush();
            out += replacement;
            run = at += length;
        }
    }
    flush();
    out += '"';
}

json_writer& json_writer::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    comma_ = false;
    return *this;
}

json_writer& json_writer::string(std::string_view text) {
    separate();
    append_json_string(out_, text);
    return *this;
}

json_writer& json_writer::number(std::int64_t value) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

json_writer& json_writer::boolean(bool value) {
    return raw(value ? "true" : "false");
}

json_writer& json_writer::null() {
    return raw("null");
}

json_writer& json_writer::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

json_writer& json_writer::timestamp(std::int64_t unix_seconds) {
    const auto text = rfc3339(unix_seconds);
    if (!text)
        return null();
    separate();
    out_ += '"';
    out_.append(text->data(), text->size());
    out_ += '"';
    return *this;
}

json_writer& json_writer::open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
}

json_writer& json_writer::close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
}

void json_writer::separate() {
    if (comma_)
        out_ += ',';
    comma_ = true;
}

} // namespace muster::views
