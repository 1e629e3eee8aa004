// tests/upstream: the people that a fresh database is filled with.
#include "upstream/sample_people.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace muster::upstream;

namespace {

// The code points of well-formed UTF-8; throws otherwise.
std::vector<char32_t> decoded(const std::string& text) {
    std::vector<char32_t> points;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || i + length > text.size())
            throw std::runtime_error("ill-formed: " + text);
        char32_t point = length == 1 ? lead : lead & (0x7fU >> length);
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xc0U) != 0x80U)
                throw std::runtime_error("ill-formed: " + text);
            point = (point << 6U) | (next & 0x3fU);
        }
        points.push_back(point);
        i += length;
    }
    return points;
}

} // namespace

TEST_CASE("the sample people are 200, numbered from 1, and the first is Ada Lovelace") {
    const auto people = sample_people();
    REQUIRE(people.size() == 200);
    for (std::size_t i = 0; i < people.size(); ++i)
        CHECK(people[i].who.id == user_id{static_cast<std::int64_t>(i) + 1});
    CHECK(people[0].who.name == "Ada Lovelace");
    CHECK(people[0].who.email == "ada.lovelace@example.org");
    CHECK(people[0].about.has_value());
    CHECK(people[0].posts.size() > 2);
}

TEST_CASE("some sample people have no posts, some no profile, and the 42nd has 500 posts") {
    const auto people = sample_people();
    CHECK(people[41].posts.size() == 500);
    CHECK(std::ranges::count_if(people, [](const auto& person) { return person.posts.empty(); }) == 27);
    CHECK(std::ranges::count_if(people, [](const auto& person) { return !person.about; }) == 18);
    for (const auto& person : people)
        CHECK((person.who.id == user_id{42} || person.posts.size() <= 12));
}

TEST_CASE("the sample people are the same each time, and no two share name, address or post number") {
    const auto people = sample_people();
    const auto again = sample_people();
    std::set<std::string> names;
    std::set<std::string> emails;
    std::int64_t last_post = 0;
    for (std::size_t i = 0; i < people.size(); ++i) {
        CHECK(people[i].who == again[i].who);
        CHECK(people[i].about == again[i].about);
        CHECK(people[i].posts == again[i].posts);
        CHECK(names.insert(people[i].who.name).second);
        CHECK(emails.insert(people[i].who.email).second);
        for (const auto& written : people[i].posts) {
            CHECK(written.id == ++last_post);
            CHECK(written.author == people[i].who.id);
            CHECK_FALSE(written.title.empty());
            CHECK_FALSE(written.body.empty());
        }
    }
}

TEST_CASE("the sample texts are well-formed UTF-8 of many scripts") {
    // The first code point of each script's block.
    const std::pair<char32_t, char32_t> blocks[] = {
        {0x0041, 0x024f}, {0x0370, 0x03ff}, {0x0400, 0x04ff}, {0x0530, 0x058f}, {0x0590, 0x05ff},  {0x0600, 0x06ff},
        {0x0900, 0x097f}, {0x0980, 0x09ff}, {0x0b80, 0x0bff}, {0x0c00, 0x0c7f}, {0x0e00, 0x0e7f},  {0x10a0, 0x10ff},
        {0x1200, 0x137f}, {0x3040, 0x30ff}, {0x4e00, 0x9fff}, {0xac00, 0xd7af}, {0x20000, 0x2a6df}};
    std::set<std::size_t> seen;
    for (const auto& person : sample_people()) {
        for (const auto point : decoded(person.who.name))
            for (std::size_t i = 0; i < std::size(blocks); ++i)
                if (point >= blocks[i].first && point <= blocks[i].second)
                    seen.insert(i);
        if (person.about) {
            CHECK_FALSE(decoded(person.about->bio).empty());
            CHECK_FALSE(decoded(person.about->location).empty());
        }
        for (const auto& written : person.posts) {
            CHECK_FALSE(decoded(written.title).empty());
            CHECK_FALSE(decoded(written.body).empty());
        }
    }
    CHECK(seen.size() == std::size(blocks));
}

TEST_CASE("two posts of one sample person may share a second, and none is older than its author") {
    const auto busiest = sample_people()[41];
    CHECK(busiest.posts[1].published_at == busiest.posts[2].published_at);
    CHECK(busiest.posts[0].published_at < busiest.posts[1].published_at);
    for (const auto& person : sample_people()) {
        CHECK(person.who.created_at >= 1'577'836'800);
        CHECK(person.who.created_at < 1'735'689'600);
        CHECK(std::ranges::is_sorted(person.posts, {}, &post::published_at));
        for (const auto& written : person.posts)
            CHECK(written.published_at > person.who.created_at);
    }
}
