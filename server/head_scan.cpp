// server/: see head_scan.hpp.
#include "server/head_scan.hpp"

#include "handlers/target.hpp"
#include "server/host.hpp"
#include "syntax/octets.hpp"

#include <algorithm>
#include <utility>

namespace muster::server {

namespace {

using syntax::field_lines;
using syntax::scanned;
using syntax::shown_byte;
using syntax::octets::digit;
using syntax::octets::token;

constexpr bool white(char c) noexcept {
    return c == ' ' || c == '\t';
}

constexpr bool line_end(char c) noexcept {
    return c == '\r' || c == '\n';
}

// What may stand between the two spaces of a request line: what is visible in ASCII. What of that is no target,
// handlers/target says at the line's end.
constexpr bool in_target(char c) noexcept {
    return static_cast<unsigned char>(c - '!') <= '~' - '!';
}

constexpr std::string_view version_begins = "HTTP/";
constexpr std::string_view usual_version = "HTTP/1.1\r"; // what scan_version() finds byte by byte
constexpr std::size_t longest_shown_name = 40;

// Of a line whose name was checked; empty if there is no colon behind it, or if it is too long to be shown.
std::string_view name_of(std::string_view line) noexcept {
    const auto colon = line.find(':');
    return colon > longest_shown_name ? std::string_view() : line.substr(0, colon);
}

} // namespace

std::string_view head_scan::method(std::string_view bytes) const noexcept {
    return bytes.substr(0, method_size_);
}

std::string_view head_scan::target(std::string_view bytes) const noexcept {
    return line_size_ == 0 ? std::string_view() : bytes.substr(method_size_ + 1, target_size_);
}

std::string_view head_scan::target_so_far(std::string_view bytes) const noexcept {
    if (place_ == place::method) {
        return {};
    }
    const auto begin = method_size_ + 1;
    return bytes.substr(begin, place_ == place::target ? at_ - begin : target_size_);
}

scanned head_scan::fail(int status, std::string detail) {
    failure_ = {status, std::move(detail)};
    return scanned::failed;
}

scanned head_scan::scan(std::string_view bytes) {
    const auto within = bytes.substr(0, limits_.head);
    if (place_ != place::fields) {
        const auto line = scan_line(within);
        if (line != scanned::complete) {
            return line == scanned::need_more && within.size() == limits_.head ? too_large(within) : line;
        }
        place_ = place::fields;
    }
    switch (fields_.scan(within, at_)) {
    case scanned::failed:
        return bad_fields(bytes);
    case scanned::complete:
        return scanned::complete;
    case scanned::need_more:
        break;
    }
    return within.size() == limits_.head ? too_large(within) : scanned::need_more;
}

// RFC 6585, section 5: if one field is to blame it is named.
scanned head_scan::too_large(std::string_view bytes) {
    if (place_ != place::fields) {
        return fail(414, "the request line is too long");
    }
    auto sentence = "the head is larger than " + std::to_string(limits_.head) + " bytes";
    for (auto rest = bytes.substr(line_size_); !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n')); // the last has no end
        if (line.size() > limits_.head / 2) {
            const auto name = name_of(line);
            sentence += "; most of it is " + std::string(name.empty() ? "the name of a field" : name);
        }
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    return fail(431, std::move(sentence));
}

// RFC 9112, section 3: method SP request-target SP HTTP-version CRLF.
scanned head_scan::scan_line(std::string_view bytes) {
    while (at_ != bytes.size()) {
        char c = bytes[at_];
        switch (place_) {
        case place::method:
            at_ += token.span(bytes.substr(at_, longest_method + 1 - at_));
            if (at_ > longest_method) {
                return fail(501, "the method is longer than any that this server knows");
            }
            if (at_ == bytes.size()) {
                break;
            }
            c = bytes[at_];
            if (at_ == 0 && c == 0x16) { // a handshake record
                return fail(400,
                            "this is the beginning of a TLS handshake, but the port speaks plain HTTP: use http://");
            }
            if (c != ' ') {
                return fail(400, line_end(c) ? "the request line is not of the form METHOD TARGET HTTP/1.1"
                                             : "the method holds " + shown_byte(c));
            }
            if (at_ == 0) {
                return fail(400, "the request line begins with white space");
            }
            method_size_ = at_++;
            place_ = place::target;
            break;
        case place::target: {
            const auto begin = method_size_ + 1;
            const auto end = std::min(bytes.size(), begin + limits_.target + 1);
            while (at_ != end && in_target(bytes[at_])) {
                ++at_;
            }
            target_size_ = at_ - begin;
            if (target_size_ > limits_.target) {
                return fail(414, "the request target is longer than " + std::to_string(limits_.target) + " bytes");
            }
            if (at_ == bytes.size()) {
                break;
            }
            c = bytes[at_];
            if (c != ' ') {
                return fail(400, line_end(c) ? "the request line has no version of HTTP at its end"
                                             : "the request target holds " + shown_byte(c) +
                                                   ", which must be percent-encoded there");
            }
            if (target_size_ == 0) {
                return fail(400, "there is more than one space between method and target");
            }
            ++at_;
            place_ = place::version;
            break;
        }
        case place::version:
            if (at_ == method_size_ + target_size_ + 2 && bytes.substr(at_).starts_with(usual_version)) {
                major_ = minor_ = 1;
                at_ += usual_version.size();
                place_ = place::line_lf;
                break;
            }
            if (const auto verdict = scan_version(c); verdict == scanned::failed) {
                return verdict;
            }
            ++at_;
            break;
        case place::line_lf:
            if (c != '\n') {
                return fail(400, "the request line holds " + shown_byte('\r'));
            }
            line_size_ = ++at_;
            return check_line(bytes);
        case place::fields:
            break;
        }
    }
    return scanned::need_more;
}

scanned head_scan::check_line(std::string_view bytes) {
    if (major_ != 1) {
        return fail(505, "this server speaks HTTP/1.0 and HTTP/1.1");
    }
    if (method(bytes) == "CONNECT") { // whose target is an authority, and which nobody here knows
        return scanned::complete;
    }
    const auto parts = handlers::parse_target(target(bytes));
    if (!parts) {
        return fail(400, std::string(parts.error()));
    }
    if (parts->form == handlers::target_form::absolute && !valid_host(parts->authority)) {
        return fail(400, "the request target's host is no host name or address with an optional port");
    }
    if (parts->form == handlers::target_form::asterisk && method(bytes) != "OPTIONS") {
        return fail(400, "the request target '*' is for OPTIONS only");
    }
    return scanned::complete;
}

// "HTTP/" DIGIT "." DIGIT CR
scanned head_scan::scan_version(char c) {
    const auto i = at_ - (method_size_ + target_size_ + 2);
    if (i < version_begins.size()) {
        if (c == version_begins[i]) {
            return scanned::need_more;
        }
        return fail(400,
                    i == 0 && white(c) ? "there is more than one space between target and version"
                    : i == 0 && line_end(c)
                        ? "the request line has no version of HTTP at its end"
                        : "the request line does not end with a version, as HTTP/1.1 is one: a space in the target "
                          "must be percent-encoded");
    }
    switch (i - version_begins.size()) {
    case 0:
        major_ = c - '0';
        break;
    case 2:
        minor_ = c - '0';
        break;
    case 1:
        if (c != '.') {
            return fail(400, "the version of HTTP is malformed");
        }
        return scanned::need_more;
    default:
        if (c == '\r') {
            place_ = place::line_lf;
            return scanned::need_more;
        }
        return fail(400, c == '\n'  ? "the request line ends with " + shown_byte(c)
                         : white(c) ? "there is white space behind the version"
                                    : "the version of HTTP is malformed");
    }
    return digit(c) ? scanned::need_more : fail(400, "the version of HTTP is malformed");
}

scanned head_scan::bad_fields(std::string_view bytes) {
    using fault = field_lines::fault;
    if (fields_.what() == fault::too_many) {
        return fail(431, "there are more than " + std::to_string(limits_.fields) + " header fields");
    }
    // Names that are whole are told; a fold belongs to the line before.
    auto lines = bytes.substr(line_size_, at_ - line_size_);
    if (fields_.what() == fault::fold) {
        lines.remove_suffix(2);
    }
    const auto name = name_of(lines.substr(lines.rfind('\n') + 1)); // npos + 1 is 0
    return fail(400, fields_.sentence(name.empty() ? "a header field" : name));
}

} // namespace muster::server
