// server/: see base64.hpp.
#include "server/base64.hpp"

#include <cstdint>

namespace muster::server {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

} // namespace

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    std::size_t digits = text.size();
    for (int padding = 0; padding != 2 && text.substr(0, digits).ends_with('='); ++padding) {
        --digits;
    }
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t bits = 0;
    int held = 0; // of `bits`, how many no byte has taken yet
    for (const char c : text.substr(0, digits)) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>(bits >> static_cast<unsigned>(held) & 0xffU);
        }
    }
    // What is left over must be zero, or two texts would stand for the same bytes.
    if ((bits & ((1U << static_cast<unsigned>(held)) - 1U)) != 0) {
        return std::nullopt;
    }
    return bytes;
}

} // namespace muster::server
