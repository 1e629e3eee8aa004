// tests/upstream: what a writer killed with SIGKILL leaves, and the readers that meet it.
#include "upstream/sqlite_connection.hpp"
#include "upstream/sqlite_schema.hpp"

#include "sqlite_files.hpp"
#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace muster::upstream;
using namespace muster::upstream::test;
using namespace std::chrono_literals;

namespace {

std::int64_t count_new(sqlite_database& database) {
    auto query = database.query("SELECT count(*) FILTER (WHERE text LIKE 'new%') FROM numbers");
    query.next();
    return query.integer(0);
}

// The update that make_torn_database leaves half done.
constexpr const char* half_an_update = "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN;"
                                       "UPDATE numbers SET text = 'new' || hex(zeroblob(100));";

} // namespace

TEST_CASE("a plain read-only connection cannot read past a hot journal") {
    const temporary_directory directory;
    make_torn_database(directory.file("a.db"));
    sqlite_database database(directory.file("a.db"), sqlite_access::read_only);
    try {
        count_new(database);
        FAIL("there is no hot journal: the tests below prove nothing");
    } catch (const sqlite_error& error) {
        CHECK(error.code() == SQLITE_READONLY_ROLLBACK);
    }
}

TEST_CASE("a reader rolls a hot journal back and sees no row of the unfinished transaction") {
    const temporary_directory directory;
    make_torn_database(directory.file("a.db"));
    sqlite_connection connection("posts", directory.file("a.db"));
    CHECK(connection.run(std::atomic<bool>{false}, count_new) == 0);
    CHECK_FALSE(std::filesystem::exists(directory.file("a.db-journal")));
    CHECK(number(directory.file("a.db"), "SELECT count(*) FROM numbers WHERE text LIKE 'old%'") == 2000);
}

TEST_CASE("a running reader recovers when the writer beside it is killed") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    make_torn_database(path);
    sqlite_connection connection("posts", path);
    CHECK(connection.run(std::atomic<bool>{false}, count_new) == 0);
    for (int i = 0; i < 2; ++i) {
        other_process writer(path, half_an_update);
        writer.kill();
        REQUIRE(std::filesystem::exists(path + "-journal"));
        CHECK(connection.run(std::atomic<bool>{false}, count_new) == 0);
    }
}

TEST_CASE("many readers that meet one hot journal at once all recover") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    make_torn_database(path);
    sqlite_connection_pool pool("posts", path);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&] {
                try {
                    if (pool.run(std::atomic<bool>{false}, count_new) != 0)
                        ++wrong;
                } catch (const source_failed&) {
                    ++wrong;
                }
            });
    }
    CHECK(wrong == 0);
}

TEST_CASE("the stop flag ends a recovery that another process's lock holds up") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    make_torn_database(path);
    // A shared lock, taken by hand without a look at the journal, keeps everybody from rolling back.
    const other_process holder([&] {
        struct flock lock{};
        lock.l_type = F_RDLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = 0x40000002; // SQLite's SHARED_FIRST
        lock.l_len = 510;
        if (::fcntl(::open(path.c_str(), O_RDONLY | O_CLOEXEC), F_SETLK, &lock) != 0)
            throw std::runtime_error("no lock");
    });
    sqlite_connection connection("posts", path);
    CHECK(soon_once(100ms, [&] {
        const delayed_stop stop(20ms);
        CHECK_THROWS_AS(connection.run(stop.flag, count_new), job_interrupted);
        return stop.since();
    }));
}

TEST_CASE("a start rolls a hot journal back") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    REQUIRE(prepare_database(path, true, true) == open_state::created);
    execute(path, "PRAGMA journal_mode = DELETE");
    const auto users = number(path, "SELECT count(*) FROM users");
    {
        other_process writer(path, "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN;"
                                   "DELETE FROM posts; UPDATE users SET name = 'torn' || hex(zeroblob(400));");
        writer.kill();
    }
    REQUIRE(std::filesystem::file_size(path + "-journal") > 0);
    CHECK(prepare_database(path, true, false) == open_state::opened);
    CHECK_FALSE(std::filesystem::exists(path + "-journal"));
    CHECK(number(path, "SELECT count(*) FROM users WHERE name NOT LIKE 'torn%'") == users);
    CHECK(number(path, "SELECT count(*) FROM posts WHERE author = 42") == 500);
}

TEST_CASE("a write-ahead log of a killed writer is read up to its last commit") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    REQUIRE(prepare_database(path, true, true) == open_state::created);
    other_process writer(path, "UPDATE users SET name = 'done' WHERE id = 2; PRAGMA cache_size = 2; BEGIN;"
                               "UPDATE users SET name = 'torn' || hex(zeroblob(400));");
    writer.kill();
    CHECK(prepare_database(path, true, false) == open_state::opened);
    sqlite_connection connection("users", path);
    const auto names = connection.run(std::atomic<bool>{false}, [](sqlite_database& database) {
        auto query = database.query("SELECT group_concat(name) FROM users WHERE name LIKE 'torn%' OR name = 'done'");
        query.next();
        return query.text(0);
    });
    CHECK(names == "done");
}
