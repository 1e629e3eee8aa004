// tests/upstream: what a start makes of the file it was given.
#include "upstream/sqlite_schema.hpp"

#include "sqlite_files.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace muster::upstream;
using namespace muster::upstream::test;

namespace {

constexpr bool named = true;
constexpr bool unnamed = false;

std::string refusal(const std::string& path, bool is_named = named, bool seed = false) {
    try {
        prepare_database(path, is_named, seed);
    } catch (const database_refused& error) {
        const std::string text = error.what();
        CHECK(text.find('\n') == std::string::npos);
        return text;
    }
    return "";
}

// What prepare_database says in a process of its own, after `before`. Empty: not refused.
std::string refusal_in_child(const std::string& path, bool is_named, bool seed, const std::function<bool()>& before) {
    int out[2];
    REQUIRE(::pipe(out) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        if (!before())
            ::_exit(2);
        std::string text;
        try {
            text = prepare_database(path, is_named, seed) == open_state::read_only ? "read only" : "";
        } catch (const database_refused& error) {
            text = error.what();
        }
        static_cast<void>(!::write(out[1], text.data(), text.size()));
        ::_exit(0);
    }
    ::close(out[1]);
    std::string text;
    char buffer[512];
    for (ssize_t got = 0; (got = ::read(out[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    ::close(out[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(status == 0);
    return text;
}

// The same for somebody who is not root.
std::string refusal_to_nobody(const std::string& path, bool is_named, bool seed) {
    return refusal_in_child(path, is_named, seed,
                            [] { return ::getuid() != 0 || (::setgid(65534) == 0 && ::setuid(65534) == 0); });
}

} // namespace

TEST_CASE("the default database is made, with its directory, and filled") {
    const temporary_directory directory;
    const auto path = directory.file("new/deep/muster.db");
    CHECK(prepare_database(path, unnamed, false) == open_state::created);
    CHECK(number(path, "PRAGMA user_version") == 1);
    CHECK(number(path, "SELECT count(*) FROM users") == 200);
    CHECK(number(path, "SELECT count(*) FROM posts WHERE author = 42") == 500);
    CHECK(number(path, "SELECT count(*) FROM profiles") == 182);
    CHECK(number(path, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'") == 1);
    CHECK(number(path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
    CHECK(prepare_database(path, unnamed, false) == open_state::opened);
    CHECK(number(path, "SELECT count(*) FROM users") == 200);
}

TEST_CASE("the posts of an author are found by the index") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    sqlite_database database(path, sqlite_access::read_only);
    auto plan = database.query("EXPLAIN QUERY PLAN " + std::string(statements::latest_posts));
    REQUIRE(plan.next());
    CHECK(plan.text(3) == "SEARCH posts USING INDEX posts_of_author (author=?)");
    CHECK_FALSE(plan.next()); // no sort behind it
}

TEST_CASE("a named database that is absent is refused, naming import and --seed, and nothing is made") {
    const temporary_directory directory;
    const auto path = directory.file("new/muster.db");
    CHECK(refusal(path) ==
          path + ": there is no such file; muster import fills it from a file, --seed with sample people");
    CHECK(std::filesystem::is_empty(directory.path()));
    CHECK(prepare_database(path, named, true) == open_state::created);
    CHECK(prepare_database(path, named, true) == open_state::opened);
}

TEST_CASE("a file without tables counts as absent") {
    const temporary_directory directory;
    const auto empty = directory.file("empty.db");
    std::ofstream(empty).close();
    CHECK_THAT(refusal(empty), ContainsSubstring("the file is empty; muster import"));
    CHECK(std::filesystem::file_size(empty) == 0);
    CHECK(prepare_database(empty, named, true) == open_state::created);

    const auto bare = directory.file("bare.db");
    execute(bare, "CREATE TABLE a (n); DROP TABLE a; PRAGMA user_version = 9");
    const auto before = content(bare);
    CHECK_THAT(refusal(bare), ContainsSubstring("no tables; muster import"));
    CHECK(content(bare) == before);
    CHECK(prepare_database(bare, unnamed, false) == open_state::created);
    CHECK(number(bare, "SELECT count(*) FROM users") == 200);
}

TEST_CASE("a database that is there keeps its people and its journal mode, also with --seed") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    execute(path,
            "PRAGMA journal_mode = DELETE; DELETE FROM posts; DELETE FROM profiles; DELETE FROM users WHERE id > 3");
    const auto before = content(path);
    CHECK(prepare_database(path, named, true) == open_state::opened);
    CHECK(content(path) == before);
}

TEST_CASE("another schema is refused, naming both numbers, and not changed") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    execute(path, "PRAGMA user_version = 7");
    {
        // With a write-ahead log that waits to be moved into the file: the closing reader must not do it.
        other_process writer(path, "UPDATE users SET name = 'x'");
        writer.kill();
    }
    const auto before = content(path);
    CHECK(refusal(path, named, true) ==
          path + ": has schema 7, expected 1 (PRAGMA user_version); a newer muster made it");
    CHECK(content(path) == before);
}

TEST_CASE("a database of another program is refused and not changed") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    execute(path, "CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1)");
    const auto before = content(path);
    CHECK_THAT(refusal(path, unnamed, true),
               ContainsSubstring("its schema number (PRAGMA user_version) is 0, expected 1"));
    CHECK(content(path) == before);
}

TEST_CASE("a database that lacks a table or a column is refused, naming it") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    execute(path, "ALTER TABLE users RENAME COLUMN email TO mail");
    CHECK_THAT(refusal(path),
               ContainsSubstring("calls itself schema 1, but lacks a part of it: no such column: email"));
    execute(path, "ALTER TABLE users RENAME COLUMN mail TO email; DROP TABLE posts");
    CHECK_THAT(refusal(path), ContainsSubstring("no such table: posts"));
}

TEST_CASE("a view may stand for a table, and a start does not read it") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    execute(path, "ALTER TABLE posts RENAME TO real_posts;"
                  "CREATE VIEW posts AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
                  "SELECT p.* FROM real_posts p, c WHERE n < 0");
    CHECK(prepare_database(path, named, false) == open_state::opened);
}

TEST_CASE("what is no database file is refused in one line") {
    const temporary_directory directory;
    CHECK(refusal(directory.path().string()) == directory.path().string() + ": is a directory, not a database file");
    CHECK(refusal("") == "a database needs a path: sqlite:PATH");

    const auto text = directory.file("notes.txt");
    std::ofstream(text) << std::string(5000, 'x');
    CHECK(refusal(text, unnamed, true) == text + ": is not an SQLite database");
    CHECK(content(text) == std::string(5000, 'x'));
    CHECK_THAT(refusal(text + "/a.db", unnamed), ContainsSubstring(": cannot be looked at: Not a directory"));

    const auto fifo = directory.file("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(refusal(fifo, unnamed) == fifo + ": is not a regular file");

    const auto damaged = directory.file("damaged.db");
    prepare_database(damaged, unnamed, false);
    std::filesystem::resize_file(damaged, 4096 * 3);
    CHECK_THAT(refusal(damaged), ContainsSubstring(": is damaged: "));
}

TEST_CASE("a place that may not be written is refused with the reason, what may be read is served") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    execute(path, "PRAGMA journal_mode = DELETE");
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0555));
    std::filesystem::permissions(path, std::filesystem::perms(0444));
    CHECK_THAT(refusal_to_nobody(directory.file("new.db"), unnamed, false),
               ContainsSubstring("nothing may be made in its directory: Permission denied"));
    CHECK_THAT(refusal_to_nobody(directory.file("new/a.db"), unnamed, false),
               ContainsSubstring("its directory cannot be made: Permission denied"));
    CHECK(refusal_to_nobody(path, named, false) == "read only");
    std::filesystem::permissions(path, std::filesystem::perms(0000));
    CHECK_THAT(refusal_to_nobody(path, named, false), ContainsSubstring("(Permission denied)"));
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
}

TEST_CASE("a write-ahead database in a directory that may not be written is refused with the reason") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    std::filesystem::permissions(path, std::filesystem::perms(0444));
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0555));
    CHECK_THAT(refusal_to_nobody(path, named, false), ContainsSubstring("cannot be read without writing beside it"));
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
}

TEST_CASE("a start that may write no more ends with the reason, and the next one fills the database") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    const auto why = refusal_in_child(path, unnamed, false, [] {
        const rlimit most{.rlim_cur = 100'000, .rlim_max = 100'000};
        return ::signal(SIGXFSZ, SIG_IGN) != SIG_ERR && ::setrlimit(RLIMIT_FSIZE, &most) == 0;
    });
    CHECK(why == path + ": cannot be used: disk I/O error (SQLite code 778)"); // SQLITE_IOERR_WRITE
    CHECK(prepare_database(path, unnamed, false) == open_state::created);
    CHECK(number(path, "SELECT count(*) FROM users") == 200);
}

TEST_CASE("a start killed while it fills leaves the database absent or complete") {
    const temporary_directory directory;
    int absent = 0;
    int complete = 0;
    for (int i = 0; i < 40; ++i) {
        const auto path = directory.file(std::to_string(i) + ".db");
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                prepare_database(path, unnamed, false);
            } catch (const database_refused&) {
            }
            ::_exit(0);
        }
        ::usleep(static_cast<useconds_t>(i) * 1000);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        // Somebody looks without --seed, then the default start comes again.
        if (const auto why = refusal(path); why.empty())
            ++complete;
        else if (why.find("--seed") != std::string::npos)
            ++absent;
        prepare_database(path, unnamed, false);
        CHECK(number(path, "SELECT count(*) FROM users") == 200);
        CHECK(number(path, "SELECT count(*) FROM posts WHERE author = 42") == 500);
    }
    CHECK(absent + complete == 40);
    CHECK(absent > 0);
}

TEST_CASE("a start that is asked to stop while it fills leaves the database absent") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    int asked = 0;
    CHECK_THROWS_AS(prepare_database(path, unnamed, false, [&] { return ++asked > 50; }), job_interrupted);
    CHECK_THAT(refusal(path), ContainsSubstring("muster import"));
    CHECK(prepare_database(path, unnamed, false) == open_state::created);
}

TEST_CASE("a start that is asked to stop while it waits for a lock does not wait on") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, unnamed, false);
    execute(path, "PRAGMA journal_mode = DELETE");
    const other_process holder(path, "BEGIN EXCLUSIVE");
    int asked = 0;
    CHECK_THROWS_AS(prepare_database(path, named, false, [&] { return ++asked > 3; }), job_interrupted);
    CHECK(asked < 20);
}

TEST_CASE("of many starts at once one fills the database and the others take it") {
    const temporary_directory directory;
    const auto path = directory.file("new/a.db");
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            int result = 9;
            try {
                with_patience([&] { result = prepare_database(path, unnamed, false) == open_state::created ? 1 : 0; });
            } catch (const database_refused& error) {
                static_cast<void>(!::write(2, error.what(), std::strlen(error.what())));
            }
            ::_exit(result);
        }
        children.push_back(child);
    }
    int created = 0;
    for (const auto child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) <= 1);
        created += WEXITSTATUS(status);
    }
    CHECK(created == 1);
    CHECK(number(path, "SELECT count(*) FROM users") == 200);
}
