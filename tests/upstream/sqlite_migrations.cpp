// tests of upstream/sqlite_migrations: the databases that earlier versions made (databases/), and steps of the test's
// own, since schema 1 is the first.
#include "upstream/sqlite_migrations.hpp"

#include "sqlite_files.hpp"
#include "upstream/database_file.hpp"
#include "upstream/people_store.hpp"
#include "upstream/sample_people.hpp"
#include "upstream/sqlite_schema.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace muster::upstream;
using namespace muster::upstream::test;

namespace {

constexpr migration steps[] = {
    {2, "ALTER TABLE users ADD COLUMN shown TEXT NOT NULL DEFAULT ''; UPDATE users SET shown = upper(name)"},
    {3, "CREATE TABLE site (name TEXT) STRICT; INSERT INTO site VALUES ('muster')"},
};

// The database that the first version made of the first twelve sample people.
std::string make_schema_1(const temporary_directory& directory) {
    const auto path = directory.file("schema_1.db");
    execute(path, content(MUSTER_TEST_DATABASES "/schema_1.sql"));
    return path;
}

std::string refusal(const std::string& path, std::span<const migration> with) {
    try {
        migrate_database(path, with);
    } catch (const database_refused& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("the steps of this version lead to its schema, one by one") {
    int at = 1;
    for (const auto& step : migrations())
        CHECK(step.to == ++at);
    CHECK(at == schema_version);
}

TEST_CASE("a database of schema 1 is migrated and served by this version, with everybody in it") {
    const temporary_directory directory;
    const auto path = make_schema_1(directory);
    CHECK(number(path, "PRAGMA user_version") == 1);
    CHECK(migrate_database(path, migrations()).to == schema_version);
    CHECK(prepare_database(path, true, false) == open_state::opened);
    sqlite_database database(path, sqlite_access::read_only);
    people_store store(database);
    std::vector<person> found;
    store.for_each([&](const person& each) { found.push_back(each); });
    auto people = sample_people();
    people.resize(12);
    CHECK(found == people);
}

TEST_CASE("a database of this schema is left as it is") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, false, false);
    const auto before = content(path);
    const auto done = migrate_database(path, migrations());
    CHECK(done.from == schema_version);
    CHECK(done.to == schema_version);
    CHECK(content(path) == before);
}

TEST_CASE("the steps that are lacking are taken, and no others") {
    const temporary_directory directory;
    const auto path = make_schema_1(directory);
    const auto first = migrate_database(path, std::span(steps).first(1));
    CHECK(first.from == 1);
    CHECK(first.to == 2);
    CHECK(number(path, "SELECT count(*) FROM users WHERE shown = upper(name)") == 12);
    const auto second = migrate_database(path, steps);
    CHECK(second.from == 2);
    CHECK(second.to == 3);
    CHECK(number(path, "PRAGMA user_version") == 3);
    CHECK(number(path, "SELECT count(*) FROM site") == 1);
    CHECK(migrate_database(path, steps).from == 3);
}

TEST_CASE("a step that fails takes back those before it") {
    const temporary_directory directory;
    const auto path = make_schema_1(directory);
    const auto before = content(path);
    const migration failing[] = {steps[0], {3, "CREATE TABLE a (n); INSERT INTO nowhere VALUES (1)"}};
    CHECK_THAT(refusal(path, failing), ContainsSubstring("cannot be used: no such table: nowhere"));
    CHECK(number(path, "PRAGMA user_version") == 1);
    CHECK(content(path) == before);
}

TEST_CASE("a migration that is asked to stop changes nothing") {
    const temporary_directory directory;
    const auto path = make_schema_1(directory);
    const migration endless[] = {
        {2, "CREATE TABLE a AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"}};
    int asked = 0;
    CHECK_THROWS_AS(migrate_database(path, endless, [&] { return ++asked > 100; }), job_interrupted);
    CHECK(number(path, "PRAGMA user_version") == 1);
    CHECK(number(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'a'") == 0);
}

TEST_CASE("a newer schema, another program's database and none at all are refused and not changed") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    CHECK(refusal(path, steps) == path + ": there is no such file");
    execute(path, "CREATE TABLE t (x)");
    CHECK_THAT(refusal(path, steps), ContainsSubstring("is a database of something else"));
    execute(path, "PRAGMA user_version = 4");
    CHECK(refusal(path, steps) == path + ": has schema 4, expected 3 (PRAGMA user_version); a newer muster made it");
    execute(path, "DROP TABLE t; PRAGMA user_version = 1");
    CHECK(refusal(path, steps) == path + ": the database has no tables");
}

TEST_CASE("serve refuses an older schema and names the command that upgrades it") {
    CHECK(refusal_of_version(2, 3, "data/a.db") ==
          "has schema 2, expected 3 (PRAGMA user_version); muster migrate --data sqlite:data/a.db upgrades it (keep a "
          "copy)");
    CHECK(refusal_of_version(4, 3, "a") == "has schema 4, expected 3 (PRAGMA user_version); a newer muster made it");
    CHECK(refusal_of_version(0, 3, "a")->starts_with("is a database of something else"));
    CHECK_FALSE(refusal_of_version(3, 3, "a").has_value());
}
