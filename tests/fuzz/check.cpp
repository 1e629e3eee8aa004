// tests/fuzz: see check.hpp.
#include "tests/fuzz/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace muster::fuzz {

std::string shown(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\r') {
            text += "\\r";
        } else if (c == '\n') {
            text += "\\n";
        } else if (c == '\\') {
            text += "\\\\";
        } else if (byte < 0x20 || byte >= 0x7f) {
            text += "\\x";
            text += digits[byte >> 4];
            text += digits[byte & 15];
        } else {
            text += c;
        }
    }
    return text;
}

void fail(std::string_view what, std::string_view more, std::string_view and_more) {
    std::string said = "muster: fuzz: " + std::string(what) + '\n';
    for (const auto each : {more, and_more}) {
        if (!each.empty()) {
            said += "    " + shown(each) + '\n';
        }
    }
    std::fwrite(said.data(), 1, said.size(), stderr);
    std::fflush(stderr);
    std::abort();
}

} // namespace muster::fuzz
