// tests/fuzz: UTF-8 as a decoder written down in the WHATWG's Encoding Standard reads it, character by character.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::fuzz {

/// `bytes` with U+FFFD for whatever is ill-formed: one for each maximal subpart.
[[nodiscard]] inline std::string mended_utf8(std::string_view bytes) {
    std::string text;
    std::string pending; // the beginning of a character
    int needed = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        if (needed == 0) {
            pending = bytes[i];
            if (byte < 0x80) {
                text += pending;
            } else if (byte >= 0xc2 && byte <= 0xdf) {
                needed = 1;
            } else if (byte >= 0xe0 && byte <= 0xef) {
                needed = 2;
                low = byte == 0xe0 ? 0xa0 : 0x80;
                high = byte == 0xed ? 0x9f : 0xbf;
            } else if (byte >= 0xf0 && byte <= 0xf4) {
                needed = 3;
                low = byte == 0xf0 ? 0x90 : 0x80;
                high = byte == 0xf4 ? 0x8f : 0xbf;
            } else {
                text += "\xef\xbf\xbd";
            }
            continue;
        }
        const bool fits = byte >= low && byte <= high;
        low = 0x80;
        high = 0xbf;
        if (!fits) {
            text += "\xef\xbf\xbd";
            needed = 0;
            --i; // it may begin the next character
            continue;
        }
        pending += bytes[i];
        if (--needed == 0) {
            text += pending;
        }
    }
    return needed == 0 ? text : text + "\xef\xbf\xbd";
}

} // namespace muster::fuzz
