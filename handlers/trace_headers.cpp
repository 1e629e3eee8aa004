// handlers/: see trace_headers.hpp.
#include "handlers/trace_headers.hpp"

#include "syntax/ascii.hpp"

#include <algorithm>
#include <cstddef>

namespace muster::handlers {
namespace {

constexpr std::size_t parent_length = 55; // of version 00
constexpr std::size_t longest_parent = 256;
constexpr std::size_t longest_state = 512;
constexpr std::size_t most_members = 32;
constexpr std::size_t longest_part = 256; // of a key, and of a value

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}

bool is_hex(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) noexcept {
    return text.find_first_not_of('0') == std::string_view::npos;
}

bool is_key_part(std::string_view text, std::size_t longest) noexcept {
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
        return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
    });
}

// A name, or a tenant of 241 at a system of 14.
bool is_key(std::string_view key) noexcept {
    const auto at = key.find('@');
    if (at == std::string_view::npos)
        return is_key_part(key, longest_part) && is_lower(key.front());
    const auto system = key.substr(at + 1);
    return is_key_part(key.substr(0, at), 241) && is_key_part(system, 14) && is_lower(system.front());
}

bool is_value(std::string_view value) noexcept {
    return !value.empty() && value.size() <= longest_part && value.back() != ' ' &&
           std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~' && c != '='; }); // no commas here
}

} // namespace

bool is_traceparent(std::string_view value) noexcept {
    if (value.size() < parent_length || value.size() > longest_parent)
        return false;
    const auto version = value.substr(0, 2);
    const auto trace = value.substr(3, 32);
    const auto parent = value.substr(36, 16);
    if (!is_hex(version) || version == "ff" || value[2] != '-' || !is_hex(trace) || is_zero(trace) ||
        value[35] != '-' || !is_hex(parent) || is_zero(parent) || value[52] != '-' || !is_hex(value.substr(53, 2)))
        return false;
    if (value.size() == parent_length)
        return true;
    return version != "00" && value[parent_length] == '-' &&
           std::ranges::all_of(value, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_tracestate(std::string_view value) noexcept {
    if (value.size() > longest_state)
        return false;
    std::size_t members = 0;
    for (bool more = true; more;) {
        const auto comma = value.find(',');
        const auto member = syntax::trimmed(value.substr(0, comma));
        more = comma != std::string_view::npos;
        value.remove_prefix(more ? comma + 1 : value.size());
        if (member.empty())
            continue;
        const auto equals = member.find('=');
        if (equals == std::string_view::npos || !is_key(member.substr(0, equals)) ||
            !is_value(member.substr(equals + 1)) || ++members > most_members)
            return false;
    }
    return members != 0;
}

void trace_headers::take_one(std::string_view name, std::string_view value) {
    if (syntax::equal_ignoring_case(name, "traceparent")) {
        ++parents_;
        context_.parent = value;
    } else if (syntax::equal_ignoring_case(name, "tracestate")) {
        if (context_.state.empty()) {
            context_.state = value;
        } else if (context_.state.size() <= longest_state) { // else it is too long already
            if (joined_.empty())
                joined_ = context_.state;
            joined_.append(",").append(value);
            context_.state = joined_;
        }
    }
}

const concurrency::trace_context* trace_headers::context() noexcept {
    if (parents_ != 1 || !is_traceparent(context_.parent))
        return nullptr;
    if (!is_tracestate(context_.state))
        context_.state = {};
    return &context_;
}

} // namespace muster::handlers
