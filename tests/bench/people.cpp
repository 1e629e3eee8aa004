// tests/bench: the documents that the services give and the contestants owe.
#include "bench/fanout/people.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string_view>

namespace muster::bench {

TEST_CASE("people: the two documents of a fan-out are of about 300 bytes each, and nothing in them needs an escape") {
    for (const std::int64_t id : {1, 77, 1000}) {
        const auto documents = documents_of(id);
        for (const auto& each : {documents.user, documents.profile}) {
            CHECK(each.size() > 270);
            CHECK(each.size() < 330);
        }
        CHECK(documents.page.size() < 2'048); // up to there Go's server tells a length by itself
        CHECK(documents.page.find_first_of("\\<>&") == std::string::npos);
    }
}

TEST_CASE("people: what is owed is what the services give, put together") {
    const auto documents = documents_of(5);
    const auto bare = [](std::string_view text) { return std::string(text.substr(0, text.size() - 1)); };
    CHECK(documents.user.starts_with(R"({"id":5,"name":"Person 5 )"));
    CHECK(documents.pair == R"({"user":)" + bare(documents.user) + R"(,"profile":)" + bare(documents.profile) + "}\n");
    CHECK(documents.page == R"({"user":)" + bare(documents.user) + R"(,"profile":)" + bare(documents.profile) +
                                R"(,"posts":)" + bare(documents.posts) + "}\n");
}

} // namespace muster::bench
