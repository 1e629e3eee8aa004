// tests/upstream: reading connections: lent one job at a time, opened late, opened anew after a failure.
#include "upstream/sqlite_connection.hpp"

#include "sqlite_files.hpp"
#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <barrier>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace muster::upstream;
using namespace muster::upstream::test;
using namespace std::chrono_literals;

namespace {

std::int64_t one_word(sqlite_database& database) {
    auto query = database.query("SELECT n FROM words");
    query.next();
    return query.integer(0);
}

std::string failure_of(sqlite_connection& connection) {
    const std::atomic<bool> stop{false};
    try {
        connection.run(stop, one_word);
    } catch (const source_failed& error) {
        CHECK(error.source() == "posts");
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("a connection that could not open tries again at the next job") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    sqlite_connection connection("posts", path);
    CHECK_THAT(failure_of(connection), ContainsSubstring("posts: unable to open database file (No such file"));
    execute(path, "CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (7)");
    CHECK(connection.run(std::atomic<bool>{false}, one_word) == 7);
}

TEST_CASE("a lost table, garbage and a torn page are failures of the source") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    execute(path, "CREATE TABLE words (n INTEGER)");
    sqlite_connection connection("posts", path);
    execute(path, "DROP TABLE words");
    CHECK(failure_of(connection) == "posts: no such table: words");

    execute(path, "CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (7)");
    CHECK(failure_of(connection).empty());
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(4096) << std::string(4096, 'x');
    sqlite_connection other("posts", path); // the first has that page in its cache
    CHECK_THAT(failure_of(other), ContainsSubstring("malformed"));
}

TEST_CASE("a file that is no database is a failure of the source") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    execute(path, "CREATE TABLE words (n INTEGER)");
    std::filesystem::resize_file(path, 0);
    std::filesystem::copy_file("/proc/self/exe", path, std::filesystem::copy_options::overwrite_existing);
    sqlite_connection connection("posts", path);
    CHECK(failure_of(connection) == "posts: file is not a database");
}

TEST_CASE("a job whose flag was set before it began does nothing") {
    const temporary_directory directory;
    sqlite_connection connection("posts", directory.file("absent.db"));
    bool ran = false;
    CHECK_THROWS_AS(connection.run(std::atomic<bool>{true}, [&](sqlite_database&) { return ran = true; }),
                    job_interrupted);
    CHECK_FALSE(ran);
}

TEST_CASE("an interrupted job leaves its connection usable, and the pool gets it back") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    execute(path, "CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (7)");
    sqlite_connection_pool pool("posts", path);
    CHECK(soon_once(100ms, [&] {
        delayed_stop stop;
        CHECK_THROWS_AS(pool.run(stop.flag,
                                 [&stop](sqlite_database& database) {
                                     stop.set_after(20ms); // not before it is open: it would not be opened any more
                                     return database
                                         .query("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
                                                "SELECT n FROM c WHERE n < 0")
                                         .next();
                                 }),
                        job_interrupted);
        return stop.since();
    }));
    CHECK(pool.idle() == 1);
    CHECK(pool.run(std::atomic<bool>{false}, one_word) == 7);
    CHECK(pool.idle() == 1);
}

TEST_CASE("jobs at the same time have a connection each, and later ones share them") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    execute(path, "CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (7)");
    sqlite_connection_pool pool("posts", path);
    std::barrier together(4);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int round = 0; round < 3; ++round)
                    if (pool.run(std::atomic<bool>{false}, [&](sqlite_database& database) {
                            together.arrive_and_wait();
                            return one_word(database);
                        }) != 7)
                        ++wrong;
            });
    }
    CHECK(wrong == 0);
    CHECK(pool.idle() >= 4);
    CHECK(pool.idle() <= 7); // a fast thread may ask again before a slow one gave back
}

TEST_CASE("a pool opened early holds its descriptors from the start, also for many jobs at once") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    execute(path, "PRAGMA journal_mode = WAL; CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (7)");
    const auto descriptors = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                             std::filesystem::directory_iterator());
    };
    sqlite_connection_pool pool("posts", path);
    const auto before = descriptors();
    pool.open_early(3);
    CHECK(pool.idle() == 3);
    const auto opened = descriptors();
    CHECK(opened >= before + 6); // the database and its log, three times
    std::barrier together(3);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([&] {
                if (pool.run(std::atomic<bool>{false}, [&](sqlite_database& database) {
                        together.arrive_and_wait();
                        return one_word(database);
                    }) != 7)
                    ++wrong;
            });
    }
    CHECK(wrong == 0);
    CHECK(pool.idle() == 3);
    CHECK(descriptors() == opened);
}

TEST_CASE("what cannot be opened early is left to the first job") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    sqlite_connection_pool pool("posts", path);
    pool.open_early(1);
    CHECK_THROWS_AS(pool.run(std::atomic<bool>{false}, one_word), source_failed);
    execute(path, "CREATE TABLE words (n INTEGER); INSERT INTO words VALUES (7)");
    CHECK(pool.run(std::atomic<bool>{false}, one_word) == 7);
}
