// config/: the small readers that every key uses.
#include "config/scalar.hpp"

#include "config/source_url.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace muster::config {
namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool continues_utf8(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

} // namespace

std::expected<std::uint64_t, std::string> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
    const auto range = std::to_string(least) + " to " + std::to_string(most);
    std::uint64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (stopped != end || error == std::errc::invalid_argument)
        return std::unexpected{"must be a whole number, " + range};
    if (error != std::errc{} || number < least || number > most)
        return std::unexpected{"must be " + range};
    return number;
}

std::expected<bool, std::string> parse_switch(std::string_view text) {
    if (text == "true" || text == "yes" || text == "on" || text == "1")
        return true;
    if (text == "false" || text == "no" || text == "off" || text == "0")
        return false;
    return std::unexpected{std::string{"must be true or false"}};
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, is_control);
}

std::string shown_value(std::string_view text) {
    constexpr std::size_t longest = 120;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string whole = shown(text); // before it is cut: half a password is hidden too
    if (whole.size() > longest) {
        auto cut = longest;
        while (cut > 0 && continues_utf8(whole[cut]))
            --cut;
        whole.resize(cut);
        whole += "...";
    }
    std::string line;
    for (const char c : whole) {
        if (is_control(c)) {
            const auto byte = static_cast<unsigned char>(c);
            line += "\\x";
            line += digits[byte >> 4];
            line += digits[byte & 15];
        } else {
            line += c;
        }
    }
    return line.empty() || line.contains(' ') ? '"' + line + '"' : line;
}

} // namespace muster::config
