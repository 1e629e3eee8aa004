// handlers/: cutting the request target.
#include "handlers/target.hpp"

#include "handlers/ascii.hpp"

#include <algorithm>

namespace muster::handlers {
namespace {

bool allowed(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F && c != '#';
}

bool take_prefix(std::string_view& text, std::string_view prefix) noexcept {
    if (!equal_ignoring_case(text.substr(0, prefix.size()), prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

} // namespace

std::optional<target> parse_target(std::string_view text) noexcept {
    if (text.empty() || !std::all_of(text.begin(), text.end(), allowed))
        return std::nullopt;
    if (text == "*")
        return target{target_form::asterisk, {}, text, {}};

    target parts;
    if (text.front() != '/') {
        if (!take_prefix(text, "http://") && !take_prefix(text, "https://"))
            return std::nullopt;
        const auto end = std::min(text.find_first_of("/?"), text.size());
        parts.form = target_form::absolute;
        parts.authority = text.substr(0, end);
        if (parts.authority.empty() || parts.authority.front() == ':' ||
            parts.authority.find('@') != std::string_view::npos)
            return std::nullopt;
        text.remove_prefix(end);
    }
    const auto question = std::min(text.find('?'), text.size());
    parts.path = question == 0 ? std::string_view{"/"} : text.substr(0, question); // "http://host?x" has path "/"
    parts.query = text.substr(std::min(question + 1, text.size()));
    return parts;
}

} // namespace muster::handlers
