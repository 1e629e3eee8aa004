// handlers/: header fields in the form of the wire.
#include "handlers/header_list.hpp"

#include "syntax/ascii.hpp"
#include "syntax/octets.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace muster::handlers {
namespace {

constexpr bool ends_value(char c) noexcept {
    return c == '\r' || c == '\n' || c == '\0';
}

} // namespace

void header_list::add(std::string_view name, std::string_view value) {
    if (name.empty() || !syntax::octets::token.holds(name))
        throw std::invalid_argument("not a header's name: " + std::string(name));
    lines_.append(name).append(": ");
    const auto begin = static_cast<std::ptrdiff_t>(lines_.size());
    lines_.append(syntax::trimmed(value));
    std::replace_if(lines_.begin() + begin, lines_.end(), ends_value, ' ');
    lines_.append("\r\n");
}

std::optional<std::string_view> header_list::find(std::string_view name) const noexcept {
    std::string_view rest = lines_;
    while (const auto next = take_field(rest))
        if (syntax::equal_ignoring_case(next->name, name))
            return next->value;
    return std::nullopt;
}

std::optional<header_list::field> header_list::take_field(std::string_view& rest) noexcept {
    if (rest.empty())
        return std::nullopt;
    const auto end = rest.find('\r'); // add() keeps it out of the values
    const auto colon = rest.find(':');
    const field found{rest.substr(0, colon), rest.substr(colon + 2, end - colon - 2)};
    rest.remove_prefix(end + 2);
    return found;
}

} // namespace muster::handlers
