// tests/upstream: statements, errors, and calls that are ended from outside.
#include "upstream/sqlite_database.hpp"

#include "sqlite_files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sqlite3.h>

#include <chrono>
#include <string>

using namespace muster::upstream;
using namespace muster::upstream::test;
using namespace std::chrono_literals;

namespace {

int failure(const auto& call) {
    try {
        call();
    } catch (const sqlite_error& error) {
        return error.primary_code();
    }
    return SQLITE_OK;
}

// Of a question that would wait for ever.
bool stops_within_100_ms(sqlite_database& database, const std::string& sql) {
    return soon_once(100ms, [&] {
        const delayed_stop stop(30ms);
        database.stop_when(&stop.flag);
        CHECK_THROWS_AS(database.query(sql).next(), job_interrupted);
        const auto late = stop.since();
        database.stop_when(nullptr);
        return late;
    });
}

} // namespace

TEST_CASE("a statement is prepared once and answers again with other parameters") {
    const temporary_directory directory;
    sqlite_database database(directory.file("a.db"), sqlite_access::create);
    database.execute("CREATE TABLE words (n INTEGER, text TEXT)");
    const std::string with_nul("a\0b", 3);
    database.query("INSERT INTO words VALUES (?1, ?2)").bind(1).bind(with_nul).next();
    database.query("INSERT INTO words VALUES (?1, ?2)").bind(2).bind(std::string_view{}).next();

    for (int i = 0; i < 2; ++i) {
        auto query = database.query("SELECT n, text FROM words WHERE n = ?1");
        query.bind(1);
        REQUIRE(query.next());
        CHECK(query.integer(0) == 1);
        CHECK(query.text(1) == with_nul);
    }
    auto query = database.query("SELECT n, text FROM words WHERE n = ?1");
    query.bind(2);
    REQUIRE(query.next());
    CHECK(query.text(1).empty());
    CHECK_FALSE(query.next());
}

TEST_CASE("a statement left in the middle does not keep a lock") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    execute(path, "CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (1), (2)");
    sqlite_database reader(path, sqlite_access::read_only);
    {
        auto query = reader.query("SELECT n FROM words");
        REQUIRE(query.next());
    }
    sqlite_database writer(path, sqlite_access::read_write);
    writer.limit_lock_wait(1ms);
    CHECK(failure([&] { writer.execute("DELETE FROM words"); }) == SQLITE_OK);
}

TEST_CASE("a value of another type is a corrupt row that names its column") {
    const temporary_directory directory;
    sqlite_database database(directory.file("a.db"), sqlite_access::create);
    auto query = database.query("SELECT NULL AS name, 'x' AS id");
    REQUIRE(query.next());
    try {
        static_cast<void>(query.text(0));
        FAIL("a null was taken for text");
    } catch (const sqlite_error& error) {
        CHECK(std::string(error.what()) == "corrupt row: column name holds null instead of text");
    }
    CHECK_THROWS_AS(query.integer(1), sqlite_error);
}

TEST_CASE("names that SQLite takes specially are files like others") {
    const temporary_directory directory;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory.path());
    execute(":memory:", "CREATE TABLE a (n)");
    execute("file:b.db?mode=memory", "CREATE TABLE a (n)");
    std::filesystem::current_path(before);
    CHECK(std::filesystem::exists(directory.path() / ":memory:"));
    CHECK(std::filesystem::exists(directory.path() / "file:b.db?mode=memory"));
}

TEST_CASE("a file that is not there is not made by a reader, and the error says why") {
    const temporary_directory directory;
    try {
        const sqlite_database database(directory.file("absent.db"), sqlite_access::read_only);
        FAIL("it opened");
    } catch (const sqlite_error& error) {
        CHECK(error.primary_code() == SQLITE_CANTOPEN);
        CHECK(std::string(error.what()).find("No such file") != std::string::npos);
    }
    CHECK_FALSE(std::filesystem::exists(directory.file("absent.db")));
}

TEST_CASE("a reading connection cannot write") {
    const temporary_directory directory;
    execute(directory.file("a.db"), "CREATE TABLE words (n INTEGER)");
    sqlite_database database(directory.file("a.db"), sqlite_access::read_only);
    CHECK_FALSE(database.writable());
    CHECK(failure([&] { database.execute("INSERT INTO words VALUES (1)"); }) == SQLITE_READONLY);
}

TEST_CASE("a wait for a lock ends at its limit") {
    const temporary_directory directory;
    execute(directory.file("a.db"), "CREATE TABLE words (n INTEGER)");
    const other_process holder(directory.file("a.db"), "BEGIN EXCLUSIVE");
    sqlite_database database(directory.file("a.db"), sqlite_access::read_only);
    database.limit_lock_wait(20ms);
    CHECK(failure([&] { database.query("SELECT n FROM words").next(); }) == SQLITE_BUSY);
}

TEST_CASE("the stop flag ends an endless query within 100 ms, and the connection works on") {
    const temporary_directory directory;
    execute(directory.file("a.db"),
            "CREATE VIEW endless AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
            "SELECT n FROM c WHERE n < 0");
    sqlite_database database(directory.file("a.db"), sqlite_access::read_only);
    CHECK(stops_within_100_ms(database, "SELECT n FROM endless"));
    CHECK(database.query("SELECT 1").next());
}

TEST_CASE("the stop flag ends a wait for another process's lock within 100 ms") {
    const temporary_directory directory;
    execute(directory.file("a.db"), "CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (7)");
    other_process holder(directory.file("a.db"), "BEGIN EXCLUSIVE");
    sqlite_database database(directory.file("a.db"), sqlite_access::read_only);
    CHECK(stops_within_100_ms(database, "SELECT n FROM words"));

    holder.kill();
    CHECK(database.query("SELECT n FROM words").next());
}
