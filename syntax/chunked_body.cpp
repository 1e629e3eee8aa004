// syntax/: see chunked_body.hpp.
#include "syntax/chunked_body.hpp"

#include "syntax/octets.hpp"

#include <algorithm>
#include <utility>

namespace muster::syntax {

namespace {

using octets::hex;
using octets::token;

constexpr int most_digits = 16; // of 64 bits

constexpr bool white(char c) noexcept {
    return c == ' ' || c == '\t';
}

constexpr bool control(char c) noexcept {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

constexpr unsigned value_of(char digit) noexcept {
    return digit <= '9' ? static_cast<unsigned>(digit - '0') : static_cast<unsigned>((digit | 0x20) - 'a' + 10);
}

} // namespace

bool chunked_body::to(place next) noexcept {
    place_ = next;
    return true;
}

bool chunked_body::fail(int status, std::string detail) {
    failure_ = {status, std::move(detail)};
    return false;
}

bool chunked_body::malformed(char c) {
    return fail(400, place_ == place::size ? "a chunk's size is no hexadecimal number (it holds " + shown_byte(c) + ")"
                     : place_ == place::element && extension_bytes_ == 0
                         ? "there is " + shown_byte(c) + " behind a chunk's size"
                         : "a chunk's extension is malformed (" + shown_byte(c) + " stands where it must not)");
}

scanned chunked_body::feed(std::string_view& bytes, std::string& body) {
    while (!bytes.empty()) {
        if (place_ == place::data) {
            const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size_, bytes.size()));
            body.append(bytes.substr(0, n));
            bytes.remove_prefix(n);
            size_ -= n;
            if (size_ == 0) {
                place_ = place::data_cr;
            }
            continue;
        }
        if (place_ == place::trailers) {
            std::size_t n = 0;
            const auto within = bytes.substr(0, limits_.trailers - trailer_bytes_);
            const auto verdict = trailers_.scan(within, n);
            trailer_bytes_ += n;
            bytes.remove_prefix(n);
            if (verdict == scanned::need_more && trailer_bytes_ == limits_.trailers) {
                fail(431, "the trailers are larger than " + std::to_string(limits_.trailers) + " bytes");
                return scanned::failed;
            }
            if (verdict == scanned::failed) {
                if (trailers_.what() == field_lines::fault::too_many) {
                    fail(431, "there are more than " + std::to_string(limits_.fields) + " trailer fields");
                } else {
                    fail(400, trailers_.sentence("a trailer field"));
                }
            }
            return verdict;
        }
        const char c = bytes.front();
        if (place_ == place::size_lf ? !end_of_header(c, body.size()) : !header_byte(c)) {
            return scanned::failed;
        }
        bytes.remove_prefix(1);
    }
    return scanned::need_more;
}

// RFC 9112, section 7.1: chunk-size [ chunk-ext ] CRLF, and the CRLF behind the chunk before.
bool chunked_body::header_byte(char c) {
    switch (place_) {
    case place::data_cr:
        return c == '\r' ? to(place::data_lf) : fail(400, "a chunk's data is longer than its size says");
    case place::data_lf:
        digits_ = 0;
        return c == '\n' ? to(place::size) : fail(400, "a chunk's data is longer than its size says");
    case place::size:
        if (hex(c)) {
            if (digits_++ == most_digits) {
                return fail(400, "a chunk's size has more than " + std::to_string(most_digits) + " digits");
            }
            size_ = size_ * 16 + value_of(c);
            return true;
        }
        if (digits_ == 0) {
            return malformed(c);
        }
        place_ = place::element;
        [[fallthrough]];
    default:
        return c == '\r' ? extension_byte(c)
                         : extension_byte(c) && (++extension_bytes_ <= limits_.extensions ||
                                                 fail(400, "the chunk extensions are larger than " +
                                                               std::to_string(limits_.extensions) + " bytes"));
    }
}

// RFC 9112, section 7.1.1: *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
bool chunked_body::extension_byte(char c) {
    switch (place_) {
    case place::element:
        return c == '\r'  ? to(place::size_lf)
               : c == ';' ? to(place::before_name)
               : white(c) ? to(place::before_semi)
                          : malformed(c);
    case place::before_semi:
        return c == ';'    ? to(place::before_name)
               : c == '\r' ? fail(400, "there is white space at the end of a chunk's size line")
                           : white(c) || malformed(c);
    case place::before_name:
        return token(c) ? to(place::name) : white(c) || malformed(c);
    case place::name:
        if (token(c)) {
            return true;
        }
        if (c == '\r' || c == ';') {
            return to(c == ';' ? place::before_name : place::size_lf);
        }
        place_ = place::before_equals;
        [[fallthrough]];
    case place::before_equals:
        return c == '=' ? to(place::before_value) : c == ';' ? to(place::before_name) : white(c) || malformed(c);
    case place::before_value:
        return c == '"' ? to(place::quoted) : token(c) ? to(place::value) : white(c) || malformed(c);
    case place::value:
        if (token(c)) {
            return true;
        }
        place_ = place::element;
        return extension_byte(c);
    case place::quoted:
        return c == '"' ? to(place::element) : c == '\\' ? to(place::quoted_pair) : !control(c) || malformed(c);
    case place::quoted_pair:
        return control(c) ? malformed(c) : to(place::quoted);
    default:
        return false;
    }
}

bool chunked_body::end_of_header(char c, std::size_t taken) {
    if (c != '\n') {
        return fail(400, "a chunk's size line holds " + shown_byte('\r'));
    }
    if (size_ == 0) {
        return to(place::trailers);
    }
    if (size_ > limits_.body - taken) { // the sum stayed below it until now
        return fail(413, "the body is larger than " + std::to_string(limits_.body) + " bytes");
    }
    return to(place::data);
}

} // namespace muster::syntax
