// handlers/: header fields in the form of the wire.
#include "handlers/header_list.hpp"

#include "handlers/ascii.hpp"

#include <algorithm>
#include <stdexcept>

namespace muster::handlers {
namespace {

bool is_token(std::string_view name) noexcept {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
               std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
    });
}

} // namespace

void header_list::add(std::string_view name, std::string_view value) {
    if (!is_token(name))
        throw std::invalid_argument("not a header's name: " + std::string(name));
    lines_.append(name).append(": ");
    for (const char c : trimmed(value))
        lines_ += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
    lines_ += "\r\n";
}

std::optional<std::string_view> header_list::find(std::string_view name) const noexcept {
    std::string_view rest = lines_;
    while (const auto next = take_field(rest))
        if (equal_ignoring_case(next->name, name))
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
