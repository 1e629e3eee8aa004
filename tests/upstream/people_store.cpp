// tests of upstream/people_store: what goes in comes out.
#include "upstream/people_store.hpp"

#include "sqlite_files.hpp"
#include "upstream/sample_people.hpp"
#include "upstream/sqlite_schema.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <ranges>

using namespace muster::upstream;
using namespace muster::upstream::test;

TEST_CASE("people come out as they went in, in the order of their ids") {
    const temporary_directory directory;
    sqlite_database database(directory.file("a.db"), sqlite_access::create);
    create_schema(database);
    people_store store(database);
    auto people = sample_people();
    for (const auto& each : std::views::reverse(people))
        store.insert(each);

    CHECK(store.find(user_id{42}) == people[41]);
    CHECK_FALSE(store.find(user_id{9999}).has_value());
    std::vector<person> found;
    store.for_each([&](const person& each) { found.push_back(each); });
    CHECK(found == people);
}

TEST_CASE("a person is removed with everything, others stay") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, false, false);
    sqlite_database database(path, sqlite_access::read_write);
    people_store store(database);
    const auto first = store.find(user_id{42})->posts.front().id;
    CHECK(store.author_of(first) == user_id{42});
    store.remove(user_id{42});
    store.remove(user_id{9999});
    CHECK_FALSE(store.find(user_id{42}).has_value());
    CHECK_FALSE(store.author_of(first).has_value());
    CHECK(number(path, "SELECT count(*) FROM users") == 199);
    CHECK(number(path, "SELECT count(*) FROM profiles WHERE user_id = 42") == 0);
    CHECK(store.find(user_id{43}) == sample_people()[42]);
}
