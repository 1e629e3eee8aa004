// upstream/: the sample people, composed from the word lists by arithmetic alone: no clock, no random numbers.
#include "upstream/sample_people.hpp"

#include "upstream/sample_words.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace muster::upstream {

namespace {

constexpr int people = 200;
constexpr int busiest = 42;
constexpr int posts_of_busiest = 500;
constexpr std::int64_t first_day = 1'577'836'800; // 2020-01-01T00:00:00Z
constexpr std::int64_t hour = 3600;

// The finaliser of splitmix64: spreads neighbouring numbers over all values.
constexpr std::uint64_t spread(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15U;
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31U);
}

template <class List>
std::string_view pick(const List& list, std::uint64_t number) {
    return list[number % list.size()];
}

int posts_of(int id) {
    if (id == busiest)
        return posts_of_busiest;
    return id % 7 == 0 ? 0 : 1 + static_cast<int>(spread(static_cast<std::uint64_t>(id)) % 12);
}

profile profile_of(const user& who, const sample_language& language, const sample_name& name, std::uint64_t seed) {
    profile made;
    made.user = who.id;
    made.bio = pick(language.bios, seed);
    made.location = pick(language.places, seed >> 8U);
    if (seed % 3 != 0)
        made.website = "https://" + std::string(name.handle) + ".example/";
    made.language = language.tag;
    return made;
}

post post_of(const user& who, const sample_language& language, int number, std::int64_t id, std::uint64_t seed) {
    post made;
    made.id = id;
    made.author = who.id;
    made.title = pick(language.titles, seed);
    if (number >= static_cast<int>(language.titles.size()))
        made.title += " (" + std::to_string(number / static_cast<int>(language.titles.size()) + 1) + ")";
    // One to three sentences, a second paragraph now and then.
    const auto sentences = 1 + (seed >> 8U) % 3;
    for (std::uint64_t i = 0; i < sentences; ++i) {
        if (i > 0)
            made.body += (seed >> 16U) % 4 == 0 ? "\n\n" : " ";
        made.body += pick(language.sentences, (seed >> 24U) + i);
    }
    // An hour apart, but each third at the same second as the one before it: there the order is by id.
    made.published_at = who.created_at + hour * (number - (number % 3 == 2 ? 1 : 0) + 1);
    return made;
}

} // namespace

std::vector<person> sample_people() {
    const auto languages = sample_languages();
    std::vector<person> all;
    all.reserve(people);
    std::int64_t next_post = 1;
    for (int id = 1; id <= people; ++id) {
        const auto index = static_cast<std::size_t>(id - 1);
        const auto& language = languages[index % languages.size()];
        const auto& name = language.names[index / languages.size() % language.names.size()];
        const auto seed = spread(static_cast<std::uint64_t>(id));

        person made;
        made.who.id = user_id{id};
        made.who.name = name.name;
        made.who.email = std::string(name.handle) + "@example.org";
        made.who.created_at = first_day + static_cast<std::int64_t>(seed % (4 * 365 * 24)) * hour;
        if (id % 11 != 0)
            made.about = profile_of(made.who, language, name, seed);
        for (int number = 0; number < posts_of(id); ++number) {
            const auto post_seed = spread(static_cast<std::uint64_t>(next_post));
            made.posts.push_back(post_of(made.who, language, number, next_post++, post_seed));
        }
        all.push_back(std::move(made));
    }
    return all;
}

} // namespace muster::upstream
