// tests of upstream/people_import: all or nothing, whatever the lines and the database hold.
#include "upstream/people_import.hpp"

#include "person_lines.hpp"
#include "sqlite_files.hpp"
#include "upstream/database_file.hpp"
#include "upstream/people_store.hpp"
#include "upstream/sqlite_schema.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace muster::upstream;
using namespace muster::upstream::test;

namespace {

struct outcome {
    import_counts counts;
    bool changed;
    std::vector<std::string> bad; ///< "2 user.id: ..."
};

line_reader lines_of(std::string text, std::size_t longest = longest_person_line) {
    return {[text = std::move(text), at = std::size_t{0}](std::span<char> into) mutable {
                const auto count = std::min({into.size(), text.size() - at, std::size_t{4096}});
                std::copy_n(text.data() + at, count, into.data());
                at += count;
                return count;
            },
            longest};
}

outcome take_in(const std::string& path, const std::string& text, bool keep_going = false) {
    auto lines = lines_of(text);
    std::vector<std::string> bad;
    const auto result = import_people(path, lines,
                                      {.keep_going = keep_going,
                                       .stop = {},
                                       .on_bad =
                                           [&](const bad_line& line) {
                                               bad.push_back(std::to_string(line.number) + ' ' + line.why.field + ": " +
                                                             line.why.reason);
                                           },
                                       .on_line = {}});
    CHECK(result.counts.bad == bad.size());
    return {result.counts, result.changed, bad};
}

std::string text_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines)
        text += line + '\n';
    return text;
}

std::int64_t people_in(const std::string& path) {
    return number(path, "SELECT count(*) FROM users");
}

std::vector<std::string> names_in(const temporary_directory& directory) {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::recursive_directory_iterator(directory.path()))
        names.push_back(each.path().filename());
    return names;
}

using strings = std::vector<std::string>;

} // namespace

TEST_CASE("an absent database is made with its directory, and holds the people and nobody else") {
    const temporary_directory directory;
    const auto path = directory.file("new/deep/a.db");
    const auto done = take_in(path, text_of({whole_line(), person_line("3", {9})}));
    CHECK(done.changed);
    CHECK(done.counts.people == 2);
    CHECK(done.counts.added == 2);
    CHECK(people_in(path) == 2);
    CHECK(number(path, "SELECT count(*) FROM posts") == 3);
    CHECK(number(path, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'") == 1);
    CHECK(number(path, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
    CHECK(prepare_database(path, true, false) == open_state::opened);
}

TEST_CASE("no people make an empty database, which is served and filled later") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    CHECK(take_in(path, "\n \r\n").counts.people == 0);
    CHECK(people_in(path) == 0);
    CHECK(prepare_database(path, true, true) == open_state::opened); // --seed does not fill it
    CHECK(people_in(path) == 0);
}

TEST_CASE("an empty file and a database without tables are filled as well") {
    const temporary_directory directory;
    std::ofstream(directory.file("a.db")).close();
    execute(directory.file("b.db"), "CREATE TABLE a (n); DROP TABLE a");
    for (const auto* name : {"a.db", "b.db"}) {
        CHECK(take_in(directory.file(name), person_line("3")).counts.added == 1);
        CHECK(people_in(directory.file(name)) == 1);
    }
}

TEST_CASE("the same people again change nothing, not a byte") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    const auto text = text_of({whole_line(), person_line("3", {9, 8})});
    take_in(path, text);
    const auto before = content(path);
    sqlite_database watching(path, sqlite_access::read_only);
    const auto version = [&] {
        auto query = watching.query("PRAGMA data_version");
        query.next();
        return query.integer(0);
    };
    const auto first = version();
    // The posts' order in the line does not matter.
    const auto again = take_in(path, text_of({whole_line(), person_line("3", {8, 9})}));
    CHECK(again.counts.unchanged == 2);
    CHECK(again.changed);
    CHECK(version() == first);
    CHECK(content(path) == before);
}

TEST_CASE("a person that is there is replaced whole") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    take_in(path, text_of({whole_line(), person_line("3", {9})}));
    const auto done =
        take_in(path, text_of({person_line("7", {2, 5}, "Eve"), person_line("3", {9}), person_line("8")}));
    CHECK(done.counts.replaced == 1);
    CHECK(done.counts.unchanged == 1);
    CHECK(done.counts.added == 1);
    sqlite_database database(path, sqlite_access::read_only);
    const auto found = people_store(database).find(user_id{7});
    REQUIRE(found.has_value());
    CHECK(found->who.name == "Eve");
    CHECK_FALSE(found->about.has_value());
    REQUIRE(found->posts.size() == 2);
    CHECK(found->posts[0].title == "t");
    CHECK(found->posts[1].id == 5);
}

TEST_CASE("one bad line and nothing is changed; all bad lines are told") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    take_in(path, person_line("1"));
    const auto before = content(path);
    const auto done = take_in(
        path, text_of({person_line("2"), "{", "", person_line("0"), person_line("3"), person_line("2", {}, "again")}));
    CHECK_FALSE(done.changed);
    CHECK(done.counts.people == 5);
    CHECK(done.bad == strings{"2 : is cut short: the JSON does not end",
                              "4 user.id: must be a whole number from 1 to 9223372036854775807",
                              "6 user.id: 2 stands in line 1 already"});
    CHECK(content(path) == before);
    CHECK(people_in(path) == 1);
}

TEST_CASE("a bad line leaves an empty file at most, which counts as absent") {
    const temporary_directory directory;
    const auto path = directory.file("new/a.db");
    std::string text = "x\n";
    for (int i = 1; i < 4000; ++i) // more than the cache holds: the file is written before the end
        text += person_line(std::to_string(i), {i}, std::string(1000, 'x')) + '\n';
    for (int round = 0; round < 2; ++round) {
        CHECK_FALSE(take_in(path, text).changed);
        CHECK(names_in(directory) == strings{"new", "a.db"});
        CHECK(std::filesystem::file_size(path) == 0);
    }
    CHECK_THROWS_AS(prepare_database(path, true, false), database_refused);
    CHECK(take_in(path, person_line("1")).counts.added == 1);
}

TEST_CASE("bad lines are passed over when asked, and the others are imported") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    const auto done =
        take_in(path, text_of({person_line("1"), "x", person_line("1", {}, "Eve"), person_line("2")}), true);
    CHECK(done.changed);
    CHECK(done.counts.added == 2);
    CHECK(done.bad == strings{"2 : is not valid JSON (at byte 1)", "3 user.id: 1 stands in line 1 already"});
    CHECK(people_in(path) == 2);
    CHECK(number(path, "SELECT count(*) FROM users WHERE name = 'Eve'") == 0);
}

TEST_CASE("a line of 10 MB is a bad line, and the next one is read") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    std::string long_name;
    long_name.resize(10'000'000, 'x');
    const auto long_line = person_line("1", {}, long_name);
    const auto done = take_in(path, text_of({long_line, person_line("2")}), true);
    CHECK(done.bad == strings{"1 : is longer than 8388608 bytes"});
    CHECK(people_in(path) == 1);
    const auto whole = person_line("3", {}, std::string(8'000'000, 'x'));
    CHECK(take_in(path, whole).changed);
    CHECK(number(path, "SELECT length(name) FROM users WHERE id = 3") == 8'000'000);
}

TEST_CASE("a byte order mark at the start and CRLF are no fault") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    CHECK(take_in(path, "\xef\xbb\xbf" + person_line("1") + "\r\n\r\n" + person_line("2")).counts.added == 2);
}

TEST_CASE("the post of somebody else is a bad line") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    take_in(path, text_of({person_line("1", {10, 11}), person_line("2", {20})}));
    // Of an earlier line.
    CHECK(take_in(path, text_of({person_line("3", {30}), person_line("4", {41, 30})})).bad ==
          strings{"2 posts[1].id: 30 is a post of user 3, in line 1"});
    // Of somebody who does not come in this input.
    CHECK(take_in(path, text_of({person_line("3", {31, 20, 11})})).bad ==
          strings{"1 posts[1].id: 20 is a post of user 2", "1 posts[2].id: 11 is a post of user 1"});
    CHECK(take_in(path, text_of({person_line("3", {20}), person_line("5")}), true).bad ==
          strings{"1 posts[0].id: 20 is a post of user 2"});
    CHECK(people_in(path) == 3);
    CHECK(number(path, "SELECT author FROM posts WHERE id = 20") == 2);
}

TEST_CASE("posts move between people who both come, in any order") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    take_in(path, text_of({person_line("1", {10, 11}), person_line("2", {20})}));
    const auto swapped = take_in(path, text_of({person_line("1", {20}), person_line("2", {10, 11})}));
    CHECK(swapped.bad.empty());
    CHECK(swapped.counts.replaced == 2);
    CHECK(number(path, "SELECT count(*) FROM posts WHERE author = 2") == 2);
    // The one who only gives is replaced too, although nothing is left to do when it comes.
    const auto given = take_in(path, text_of({person_line("1", {20, 11}), person_line("2", {10})}));
    CHECK(given.bad.empty());
    CHECK(given.counts.replaced == 2);
    CHECK(number(path, "SELECT author FROM posts WHERE id = 11") == 1);
}

TEST_CASE("a stop changes nothing and leaves an empty file where none was") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    take_in(path, person_line("1"));
    std::string text;
    for (int i = 2; i < 2000; ++i)
        text += person_line(std::to_string(i), {i}) + '\n';
    for (const auto& target : {path, directory.file("new.db")}) {
        auto lines = lines_of(text);
        std::uint64_t done = 0;
        const import_options options{.keep_going = false,
                                     .stop = [&] { return done >= 1000; },
                                     .on_bad = {},
                                     .on_line = [&](const import_counts& counts) { done = counts.people; }};
        CHECK_THROWS_AS(import_people(target, lines, options), job_interrupted);
        CHECK(done == 1000);
    }
    CHECK(people_in(path) == 1);
    CHECK(std::filesystem::file_size(directory.file("new.db")) == 0);
}

TEST_CASE("an input that fails changes nothing") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    int reads = 0;
    line_reader lines(
        [&](std::span<char> into) -> std::size_t {
            if (++reads > 1)
                throw std::runtime_error("a bad disk");
            const auto line = person_line("1") + '\n';
            std::ranges::copy(line, into.begin());
            return line.size();
        },
        1000);
    CHECK_THROWS_AS(import_people(path, lines, {}), std::runtime_error);
    CHECK(names_in(directory) == strings{"a.db"});
    CHECK(std::filesystem::file_size(path) == 0);
}

TEST_CASE("a database that is locked, of another schema or none at all is refused and not changed") {
    const temporary_directory directory;
    const auto refusal = [](const std::string& path) -> std::string {
        try {
            take_in(path, person_line("1"));
        } catch (const database_refused& error) {
            return error.what();
        }
        return "";
    };
    const auto other = directory.file("other.db");
    execute(other, "CREATE TABLE t (x); PRAGMA user_version = 7");
    const auto before = content(other);
    CHECK_THAT(refusal(other), ContainsSubstring("has schema 7, expected 1 (PRAGMA user_version); a newer muster"));
    CHECK(content(other) == before);

    std::ofstream(directory.file("text")) << std::string(5000, 'x');
    CHECK(refusal(directory.file("text")) == directory.file("text") + ": is not an SQLite database");
    CHECK(refusal("") == "a database needs a path: sqlite:PATH");
    CHECK_THAT(refusal(directory.path().string()), ContainsSubstring("is a directory"));

    const auto locked = directory.file("locked.db");
    take_in(locked, person_line("2"));
    other_process holder(locked, "BEGIN IMMEDIATE; DELETE FROM users");
    CHECK(refusal(locked) == locked + ": is locked by another process; gave up after 5 s");
    holder.kill();
    CHECK(people_in(locked) == 1);
}

TEST_CASE("a reader of a write-ahead database reads on during an import") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    take_in(path, person_line("1"));
    sqlite_database reader(path, sqlite_access::read_only);
    auto lines = lines_of(text_of({person_line("2"), person_line("3")}));
    std::int64_t seen = 0;
    import_people(path, lines, {.keep_going = false, .stop = {}, .on_bad = {}, .on_line = [&](const import_counts&) {
                                    auto query = reader.query("SELECT count(*) FROM users");
                                    query.next();
                                    seen += query.integer(0);
                                }});
    CHECK(seen == 2); // twice the one who was there
    CHECK(people_in(path) == 3);
}

TEST_CASE("a disk that is full ends the import with the reason and nothing changed") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    int out[2];
    REQUIRE(::pipe(out) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit most{.rlim_cur = 300'000, .rlim_max = 300'000};
        ::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &most);
        std::string text;
        for (int i = 1; i < 6000; ++i)
            text += person_line(std::to_string(i), {i}, std::string(500, 'x')) + '\n';
        std::string why = "not refused";
        try {
            auto lines = lines_of(text);
            import_people(path, lines, {});
        } catch (const database_refused& error) {
            why = error.what();
        }
        static_cast<void>(!::write(out[1], why.data(), why.size()));
        ::_exit(0);
    }
    ::close(out[1]);
    char buffer[512];
    const auto got = ::read(out[0], buffer, sizeof buffer);
    ::close(out[0]);
    ::waitpid(child, nullptr, 0);
    CHECK_THAT(std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0))),
               ContainsSubstring(path + ": cannot be used: disk I/O error"));
    CHECK(names_in(directory) == strings{"a.db"});
    CHECK(std::filesystem::file_size(path) == 0);
}

TEST_CASE("good imports beside a bad one that makes the same file arrive whole") {
    const temporary_directory directory;
    constexpr int people = 50;
    for (int round = 0; round < 40; ++round) {
        const auto path = directory.file(std::to_string(round) + ".db");
        std::vector<pid_t> children;
        for (const int first : {0, 1, 1 + people}) { // 0: the bad one
            const pid_t child = ::fork();
            if (child == 0) {
                int code = 1;
                try {
                    std::string text = first == 0 ? "x\n" : "";
                    for (int i = first; i < first + people && first != 0; ++i)
                        text += person_line(std::to_string(i), {i}) + '\n';
                    with_patience([&] { code = take_in(path, text).changed == (first != 0) ? 0 : 2; });
                } catch (const std::exception& error) {
                    static_cast<void>(!::write(STDERR_FILENO, error.what(), std::string_view(error.what()).size()));
                } catch (...) {
                }
                ::_exit(code);
            }
            children.push_back(child);
        }
        for (const auto child : children) {
            int status = 1;
            ::waitpid(child, &status, 0);
            CHECK(status == 0);
        }
        CHECK(people_in(path) == 2 * people);
    }
}

TEST_CASE("a database that is removed or renamed during the import ends it with the reason") {
    const temporary_directory directory;
    for (const bool there : {false, true}) {
        for (const bool renamed : {false, true}) {
            const auto path = directory.file("a.db");
            if (there)
                take_in(path, person_line("1"));
            auto lines = lines_of(text_of({person_line("2"), person_line("3")}));
            const import_options options{
                .keep_going = false, .stop = {}, .on_bad = {}, .on_line = [&](const import_counts& counts) {
                    if (counts.people != 1)
                        return;
                    if (renamed)
                        std::filesystem::rename(path, directory.file("b.db"));
                    else
                        std::filesystem::remove(path);
                }};
            std::string why;
            try {
                import_people(path, lines, options);
            } catch (const database_refused& error) {
                why = error.what();
            }
            CHECK(why == path + ": was removed, renamed or replaced meanwhile; nothing was changed");
            CHECK_FALSE(std::filesystem::exists(path));
            if (there && renamed)
                CHECK(people_in(directory.file("b.db")) == 1);
            for (const auto* name : {"a.db", "b.db"})
                for (const auto* end : {"", "-wal", "-shm", "-journal"})
                    std::filesystem::remove(directory.file(std::string(name) + end));
        }
    }
}

TEST_CASE("a new person inherits nothing that other hands left under its id") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    take_in(path, person_line("1"));
    execute(path, "INSERT INTO posts VALUES (70, 7, 't', 'b', 0); INSERT INTO profiles VALUES (7, 'b', 'l', '', 'en');"
                  "INSERT INTO posts VALUES (80, 8, 't', 'b', 0)");
    CHECK(take_in(path, text_of({person_line("7", {71}), person_line("8", {80})})).counts.added == 2);
    CHECK(number(path, "SELECT count(*) FROM posts") == 2);
    CHECK(number(path, "SELECT id FROM posts WHERE author = 7") == 71);
    CHECK(number(path, "SELECT count(*) FROM profiles") == 0);
    // A profile alone would collide with the person's own.
    execute(path, "DELETE FROM users WHERE id = 7; INSERT INTO profiles VALUES (7, 'b', 'l', '', 'en')");
    CHECK(take_in(path, with(with(whole_line(), R"("id":1,)", R"("id":91,)"), R"("id":2,)", R"("id":92,)"))
              .counts.added == 1);
}
