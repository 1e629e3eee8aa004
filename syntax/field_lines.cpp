// syntax/: see field_lines.hpp.
#include "syntax/field_lines.hpp"

#include "syntax/octets.hpp"

#include <bit>
#include <cstring>

namespace muster::syntax {

namespace {

using octets::token;

constexpr bool in_value(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
}

// How many bytes at the front of `text` a value may hold: eight at a time, since values are most of a head.
std::size_t value_span(std::string_view text) noexcept {
    constexpr std::uint64_t each = 0x0101010101010101;
    std::size_t n = 0;
    for (;;) {
        while (text.size() - n >= sizeof(std::uint64_t)) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data() + n, sizeof word);
            const auto rubbed = word ^ (each * 0x7F);
            // The high bit of each byte below 0x20 or equal to 0x7F; of others too, but only behind one of those.
            if ((((word - each * 0x20) & ~word) | ((rubbed - each) & ~rubbed)) & (each * 0x80)) {
                break;
            }
            n += sizeof word;
        }
        const auto tail = n + sizeof(std::uint64_t);
        while (n != text.size() && n != tail && in_value(text[n])) {
            ++n;
        }
        if (n != tail) {
            return n;
        }
    }
}

} // namespace

std::string shown_byte(char c) {
    switch (c) {
    case '\0':
        return "NUL";
    case '\r':
        return "a CR without LF";
    case '\n':
        return "an LF without CR";
    case '\t':
        return "a tab";
    case ' ':
        return "a space";
    default:
        break;
    }
    if (c > ' ' && c <= '~') {
        return {'\'', c, '\''};
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    return std::string("byte 0x") + digits[byte >> 4U] + digits[byte & 0xFU];
}

scanned field_lines::fail(fault what, char byte) noexcept {
    fault_ = what;
    byte_ = byte;
    return scanned::failed;
}

scanned field_lines::scan(std::string_view bytes, std::size_t& at) noexcept {
    while (at != bytes.size()) {
        char c = bytes[at];
        switch (place_) {
        case place::line:
            if (c == '\r') {
                place_ = place::end_lf;
                ++at;
                break;
            }
            if (c == ' ' || c == '\t') {
                return fail(lines_ == 0 ? fault::leading_space : fault::fold, c);
            }
            if (c == '\n') {
                return fail(fault::bare_lf, c);
            }
            if (c == ':') {
                return fail(fault::empty_name, c);
            }
            if (lines_++ == most_) {
                return fail(fault::too_many, c);
            }
            place_ = place::name;
            [[fallthrough]];
        case place::name:
            at += token.span(bytes.substr(at));
            if (at == bytes.size()) {
                break;
            }
            c = bytes[at];
            if (c != ':') {
                return fail(c == ' ' || c == '\t'    ? fault::space_in_name
                            : c == '\r' || c == '\n' ? fault::no_colon
                                                     : fault::bad_name,
                            c);
            }
            place_ = place::value;
            ++at;
            [[fallthrough]];
        case place::value:
            at += value_span(bytes.substr(at));
            if (at == bytes.size()) {
                break;
            }
            c = bytes[at];
            if (c != '\r') {
                return fail(c == '\n' ? fault::bare_lf : fault::bad_value, c);
            }
            place_ = place::value_lf;
            if (++at == bytes.size()) {
                break;
            }
            [[fallthrough]];
        case place::value_lf:
            if (c = bytes[at]; c != '\n') {
                return fail(fault::bare_cr, c);
            }
            place_ = place::line;
            ++at;
            break;
        case place::end_lf:
            if (c != '\n') {
                return fail(fault::bare_cr, c);
            }
            ++at;
            return scanned::complete;
        }
    }
    return scanned::need_more;
}

std::string field_lines::sentence(std::string_view whose) const {
    const std::string field(whose);
    switch (fault_) {
    case fault::none:
        break;
    case fault::too_many:
        return "there are more than " + std::to_string(most_) + " of them";
    case fault::leading_space:
        return "there is white space before the first field";
    case fault::fold:
        return field + " is folded over several lines";
    case fault::empty_name:
        return field + " has no name";
    case fault::space_in_name:
        return "there is white space in or behind the name of " + field;
    case fault::bad_name:
        return "the name of " + field + " holds " + shown_byte(byte_);
    case fault::no_colon:
        return field + " has no colon";
    case fault::bad_value:
        return "the value of " + field + " holds " + shown_byte(byte_);
    case fault::bare_cr:
        return field + " holds " + shown_byte('\r');
    case fault::bare_lf:
        return field + " ends with " + shown_byte('\n');
    }
    return {};
}

} // namespace muster::syntax
