// upstream/: the words the sample people are made of, by language. Private to sample_people.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace muster::upstream {

struct sample_name {
    std::string_view name;
    std::string_view handle; ///< in ASCII, for the address
};

/// Eight people who share a language, and what they say.
struct sample_language {
    std::string_view tag; ///< BCP 47
    std::array<sample_name, 8> names;
    std::array<std::string_view, 2> places;
    std::array<std::string_view, 2> bios;
    std::array<std::string_view, 3> titles;
    std::array<std::string_view, 3> sentences;
};

/// 25 languages; English is the first and Ada Lovelace its first name.
[[nodiscard]] std::span<const sample_language> sample_languages() noexcept;

} // namespace muster::upstream
