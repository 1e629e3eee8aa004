// tests/bench: what the raw contestant checks of a document.
#include "bench/fanout/typed_bodies.hpp"

#include "bench/fanout/people.hpp"
#include "views/documents.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace muster::bench {

namespace {

/// With room behind it, as simdjson wants it.
std::string padded(std::string text) {
    text.reserve(text.size() + 128);
    return text;
}

std::string user_with(const std::string& id, const std::string& created_at) {
    return padded(R"({"id":)" + id + R"(,"name":"a","email":"b","more":[1],"created_at":)" + created_at + "}");
}

} // namespace

TEST_CASE("typed bodies: a document that is read and written again is the same") {
    body_reader reader;
    const auto documents = documents_of(7);
    const auto user = reader.user(padded(documents.user), 7);
    const auto profile = reader.profile(padded(documents.profile), 7);
    std::string text;
    views::append_json(text, user);
    CHECK(text + "\n" == documents.user);
    text.clear();
    views::append_json(text, profile);
    CHECK(text + "\n" == documents.profile);
}

TEST_CASE("typed bodies: whatever is not as it should be is refused") {
    body_reader reader;
    CHECK(reader.user(user_with("7", R"("2024-02-29T23:59:59Z")"), 7).created_at == 1'709'251'199);
    CHECK(reader.user(user_with("7", R"("1969-12-31T23:59:59Z")"), 7).created_at == -1);
    CHECK_THROWS_AS(reader.user(user_with("8", R"("2024-02-29T23:59:59Z")"), 7), bad_body);
    CHECK_THROWS_AS(reader.user(user_with("\"7\"", R"("2024-02-29T23:59:59Z")"), 7), bad_body);
    for (const auto* time : {"1", R"("")", R"("2023-02-29T00:00:00Z")", R"("2024-02-29T24:00:00Z")",
                             R"("2024-02-29 00:00:00Z")", R"("2024-02-29T00:00:00+")", R"("2024-02-29T-1:00:00Z")"}) {
        CHECK_THROWS_AS(reader.user(user_with("7", time), 7), bad_body);
    }
    CHECK_THROWS_AS(reader.user(padded("[]"), 7), bad_body);
    CHECK_THROWS_AS(reader.profile(padded(R"({"bio":"a","location":"b","website":"c"})"), 7), bad_body);
    CHECK_THROWS_AS(reader.profile(padded("{\"bio\":\"\xFF\"}"), 7), bad_body);
}

} // namespace muster::bench
