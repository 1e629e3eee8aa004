// handlers/: cutting the request target.
#include "handlers/target.hpp"

#include "handlers/percent.hpp"
#include "syntax/ascii.hpp"
#include "syntax/octets.hpp"

#include <algorithm>

namespace muster::handlers {
namespace {

using refused = std::unexpected<std::string_view>;

bool take_prefix(std::string_view& text, std::string_view prefix) noexcept {
    if (!syntax::equal_ignoring_case(text.substr(0, prefix.size()), prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

// What is wrong with a byte that stands in no path and no query.
std::string_view wrong_with(char c) noexcept {
    return c == '#' ? "the request target has a fragment ('#'), which is not for servers"
                    : "the request target holds a character that must be percent-encoded there";
}

std::string_view no_form(std::string_view text) noexcept {
    if (text.find("://") != std::string_view::npos)
        return "the request target's scheme is not http";
    return "the request target is neither a path that begins with '/', nor a URI of http, nor '*'";
}

} // namespace

target cut_target(std::string_view text) noexcept {
    target parts;
    if (text == "*") {
        parts.form = target_form::asterisk;
        parts.path = text;
        return parts;
    }
    if (!text.starts_with('/')) {
        parts.form = target_form::absolute;
        parts.https = take_prefix(text, "https://");
        if (!parts.https)
            take_prefix(text, "http://");
        const auto end = std::min(text.find_first_of("/?#"), text.size());
        parts.authority = text.substr(0, end);
        text.remove_prefix(end);
    }
    const auto question = std::min(text.find('?'), text.size());
    parts.path = question == 0 ? std::string_view{"/"} : text.substr(0, question); // "http://host?x" has path "/"
    parts.query = text.substr(std::min(question + 1, text.size()));
    return parts;
}

std::expected<target, std::string_view> parse_target(std::string_view text) noexcept {
    if (text.empty())
        return refused("the request target is empty");
    const auto parts = cut_target(text);
    if (parts.form == target_form::asterisk)
        return parts;
    if (parts.form == target_form::absolute) {
        if (!take_prefix(text, "https://") && !take_prefix(text, "http://"))
            return refused(no_form(text));
        if (parts.authority.empty() || parts.authority.front() == ':')
            return refused("the request target has no host");
        if (parts.authority.find('@') != std::string_view::npos)
            return refused("the request target names a user ('@'), which URIs of http may not");
    }
    if (const auto good = syntax::octets::path.span(parts.path); good != parts.path.size())
        return refused(wrong_with(parts.path[good]));
    if (const auto good = syntax::octets::query.span(parts.query); good != parts.query.size())
        return refused(wrong_with(parts.query[good]));
    if (!percent_valid(parts.path) || !percent_valid(parts.query))
        return refused("a '%' in the request target is not followed by two hexadecimal digits");
    return parts;
}

} // namespace muster::handlers
