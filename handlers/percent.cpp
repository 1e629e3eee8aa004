// handlers/: decoding, byte by byte.
#include "handlers/percent.hpp"

#include <algorithm>
#include <cstddef>

namespace muster::handlers {
namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

// The byte that the escape at `at` stands for, or -1.
int escape_at(std::string_view text, std::size_t at) noexcept {
    if (text[at] != '%' || text.size() - at < 3)
        return -1;
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string form_decoded(std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    std::string decoded;
    append_percent_decoded(decoded, spaced);
    return decoded;
}

} // namespace

bool percent_valid(std::string_view text) noexcept {
    for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3))
        if (escape_at(text, at) < 0)
            return false;
    return true;
}

void append_percent_decoded(std::string& out, std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const int byte = escape_at(text, at);
        if (byte < 0) {
            out += text[at];
        } else {
            out += static_cast<char>(byte);
            at += 2;
        }
    }
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        if (!pair.empty() && form_decoded(pair.substr(0, equals)) == name)
            return form_decoded(pair.substr(std::min(equals + 1, pair.size())));
    }
    return std::nullopt;
}

} // namespace muster::handlers
