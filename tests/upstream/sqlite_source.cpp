// tests/upstream: the repositories end to end: a real loop, real workers, real files. Time is real here, since SQLite
// knows no other.
#include "upstream/sqlite_source.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "sqlite_files.hpp"
#include "upstream/errors.hpp"
#include "upstream/sample_people.hpp"
#include "upstream/sources.hpp"
#include "upstream/sqlite_schema.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <poll.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using namespace muster::upstream;
using namespace muster::upstream::test;
using namespace std::chrono_literals;
namespace concurrency = muster::concurrency;
using concurrency::task;

namespace {

template <class T>
struct outcome {
    std::optional<T> value;
    std::exception_ptr error;
    concurrency::time_point ended{};
    concurrency::duration took{};
};

template <class T>
task<void> keep(task<T> work, std::chrono::milliseconds limit, outcome<T>& into) {
    const auto start = concurrency::clock::now();
    try {
        into.value = co_await concurrency::with_timeout(limit, std::move(work));
    } catch (const std::exception&) {
        into.error = std::current_exception();
    }
    into.ended = concurrency::clock::now();
    into.took = into.ended - start;
}

// Runs the task to its end on a loop of its own, and waits for an abandoned job of it, too.
template <class T>
outcome<T> ask(task<T> work, std::chrono::milliseconds limit = 60s) {
    concurrency::loop loop;
    outcome<T> result;
    loop.spawn("test", keep(std::move(work), limit, result));
    loop.stop_when_empty();
    loop.run();
    return result;
}

template <class Error>
bool failed_with(const std::exception_ptr& error) {
    if (!error)
        return false;
    try {
        std::rethrow_exception(error);
    } catch (const Error&) {
        return true;
    } catch (...) {
        return false;
    }
}

std::string message(const std::exception_ptr& error) {
    try {
        if (error)
            std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    }
    return "";
}

std::string seeded(const temporary_directory& directory) {
    const auto path = directory.file("a.db");
    prepare_database(path, false, false);
    return path;
}

sqlite_settings settings(const std::string& path, std::size_t workers = 4, std::size_t queue = 256) {
    return {.name = "posts", .path = path, .workers = workers, .queue = queue};
}

// All three on one database.
sources three_on(const std::string& path, std::size_t workers = 4) {
    const auto one = settings(path, workers);
    return make_sources({.users = one, .profiles = one, .posts = one}, {}, {});
}

// Posts that never come, since no row of an endless count is below zero.
void make_posts_endless(const std::string& path) {
    execute(path, "ALTER TABLE posts RENAME TO real_posts;"
                  "CREATE VIEW posts AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
                  "SELECT p.* FROM c, real_posts p WHERE n < 0");
}

// How long it takes until a question is cut after 50 ms and its job has ended, too.
concurrency::duration until_cut(const sqlite_posts& posts) {
    const auto start = concurrency::clock::now();
    const auto cut = ask(posts.latest(user_id{1}, 1), 50ms);
    CHECK(failed_with<concurrency::deadline_exceeded>(cut.error));
    CHECK(cut.took >= 50ms);
    return concurrency::clock::now() - start;
}

// While it lives, every new connection knows stuck(yes), which, if so, stays inside one call and hears nothing until it
// is let go.
class stuck_function {
  public:
    stuck_function() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&install)); }

    ~stuck_function() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&install)); }

    stuck_function(const stuck_function&) = delete;
    stuck_function& operator=(const stuck_function&) = delete;

    // Whoever calls it from now on is held.
    static void hold() {
        was_entered.store(false);
        is_held.store(true);
    }

    static void let_go() { is_held.store(false); }

    // Whether somebody is, or was, inside since hold().
    static bool entered() { return was_entered.load(); }

  private:
    static int install(sqlite3* handle, char** /*error*/, const sqlite3_api_routines* /*api*/) {
        return sqlite3_create_function(handle, "stuck", 1, SQLITE_UTF8, nullptr, &stuck, nullptr, nullptr);
    }

    static void stuck(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
        if (sqlite3_value_int(values[0]) != 0) {
            was_entered.store(true);
            for (int i = 0; i != 30'000 && is_held.load(); ++i) // half a minute at most: who waits for its end fails
                ::poll(nullptr, 0, 1);
        }
        sqlite3_result_int(context, 1);
    }

    static inline std::atomic<bool> was_entered{false};
    static inline std::atomic<bool> is_held{false};
};

} // namespace

TEST_CASE("the three sources answer what the database holds") {
    const temporary_directory directory;
    const auto path = seeded(directory);
    const auto people = sample_people();
    const auto from = three_on(path);
    for (const int id : {1, 11, 42, 200}) {
        const auto& person = people[static_cast<std::size_t>(id) - 1];
        CHECK(ask(from.users->find(user_id{id})).value.value() == person.who);
        CHECK(ask(from.profiles->find(user_id{id})).value.value() == person.about);
        auto newest = person.posts;
        std::ranges::reverse(newest);
        newest.resize(std::min<std::size_t>(newest.size(), 20));
        CHECK(ask(from.posts->latest(user_id{id}, 20)).value.value() == newest);
    }
}

TEST_CASE("an absent user is no user, has no profile and no posts") {
    const temporary_directory directory;
    const auto path = seeded(directory);
    const auto from = three_on(path);
    const user_id last{9223372036854775807};
    CHECK(ask(from.users->find(last)).value.value() == std::nullopt);
    CHECK(ask(from.profiles->find(last)).value.value() == std::nullopt);
    CHECK(ask(from.posts->latest(last, 20)).value.value().empty());
}

TEST_CASE("a limit of none or less asks for no posts") {
    const temporary_directory directory;
    const sqlite_posts posts(settings(seeded(directory)));
    CHECK(ask(posts.latest(user_id{42}, 0)).value.value().empty());
    CHECK(ask(posts.latest(user_id{42}, -1)).value.value().empty());
    CHECK(ask(posts.latest(user_id{42}, 1000)).value.value().size() == 500);
}

TEST_CASE("a lost table is a failure of the source, and the next question may succeed") {
    const temporary_directory directory;
    const auto path = seeded(directory);
    const sqlite_posts posts(settings(path, 1));
    execute(path, "ALTER TABLE posts RENAME TO hidden");
    const auto lost = ask(posts.latest(user_id{1}, 1));
    CHECK(failed_with<source_failed>(lost.error));
    CHECK(message(lost.error) == "posts: no such table: posts");
    execute(path, "ALTER TABLE hidden RENAME TO posts");
    CHECK(ask(posts.latest(user_id{1}, 1)).value.value().size() == 1);
}

TEST_CASE("an endless query ends with its deadline, within 100 ms, and its worker is back") {
    const temporary_directory directory;
    const auto path = seeded(directory);
    make_posts_endless(path);
    const sqlite_posts posts(settings(path, 1));
    CHECK(soon_once(150ms, [&] { return until_cut(posts); }));
    execute(path, "DROP VIEW posts; ALTER TABLE real_posts RENAME TO posts");
    CHECK(ask(posts.latest(user_id{1}, 1)).value.has_value());
}

TEST_CASE("a database locked by another process ends with the deadline, and its worker is back within 100 ms") {
    const temporary_directory directory;
    const auto path = seeded(directory);
    execute(path, "PRAGMA journal_mode = DELETE");
    const sqlite_posts posts(settings(path, 1));
    // A fork while the worker begins its life would copy the locks that it holds then.
    CHECK(ask(posts.latest(user_id{1}, 1)).value.has_value());
    other_process holder(path, "BEGIN EXCLUSIVE");
    CHECK(soon_once(150ms, [&] { return until_cut(posts); }));
    holder.kill();
    CHECK(ask(posts.latest(user_id{1}, 1)).value.has_value());
}

TEST_CASE("a full queue is refused with a retry time, and what waits in it ends with its deadline") {
    const temporary_directory directory;
    const auto path = seeded(directory);
    make_posts_endless(path);
    const sqlite_posts posts(settings(path, 1, 4));
    std::vector<outcome<std::vector<post>>> outcomes(20);
    concurrency::loop loop;
    for (auto& each : outcomes)
        loop.spawn("test", keep(posts.latest(user_id{1}, 1), 100ms, each));
    loop.stop_when_empty();
    loop.run();

    int refused = 0;
    int late = 0;
    auto first_cut = concurrency::time_point::max();
    for (const auto& each : outcomes) {
        if (!failed_with<concurrency::deadline_exceeded>(each.error))
            continue;
        ++late;
        first_cut = std::min(first_cut, each.ended);
    }
    for (const auto& each : outcomes) {
        if (!failed_with<source_overloaded>(each.error))
            continue;
        ++refused;
        CHECK(each.ended < first_cut); // at once: the loop has begun all of them before it looks for what is due
        try {
            std::rethrow_exception(each.error);
        } catch (const source_overloaded& error) {
            CHECK(error.retry_after() == 1s);
            CHECK(error.source() == "posts");
        }
    }
    CHECK(refused + late == 20);
    CHECK(late >= 4); // the queue's
    CHECK(late <= 5); // and the one that runs
}

TEST_CASE("a job stuck in one call is left 25 ms after the cut; with all workers stuck the source is overloaded") {
    const stuck_function installed;
    const temporary_directory directory;
    const auto path = seeded(directory);
    execute(path, "ALTER TABLE posts RENAME TO real_posts;"
                  "CREATE VIEW posts AS SELECT * FROM real_posts WHERE stuck(author = 1)");
    const auto scenario = [](const sqlite_posts& from, outcome<std::vector<post>>& first, bool& inside,
                             outcome<std::vector<post>>& second) -> task<void> {
        co_await keep(from.latest(user_id{1}, 1), 50ms, first);
        inside = stuck_function::entered();
        co_await keep(from.latest(user_id{2}, 1), 10s, second);
        stuck_function::let_go();
    };
    CHECK(soon_once(200ms, [&]() -> concurrency::duration {
        const sqlite_posts posts(settings(path, 1));
        concurrency::loop loop;
        outcome<std::vector<post>> stuck;
        outcome<std::vector<post>> refused;
        bool inside = false;
        stuck_function::hold();
        loop.spawn("test", scenario(posts, stuck, inside, refused));
        loop.stop_when_empty(); // waits for the abandoned job, too
        loop.run();
        if (!inside)
            return 1h; // cut before its worker got that far: not what this is about
        // While it was inside, since only the scenario's end lets it go.
        CHECK(failed_with<concurrency::deadline_exceeded>(stuck.error));
        CHECK(stuck.took >= 50ms);
        CHECK(failed_with<source_overloaded>(refused.error));
        CHECK_THAT(message(refused.error), ContainsSubstring("abandoned"));
        // The job has ended and gave its worker and its connection back.
        CHECK(ask(posts.latest(user_id{2}, 1)).value.value().size() == 1);
        return stuck.took;
    }));
}

TEST_CASE("a hung source starves no other on the same database") {
    const temporary_directory directory;
    const auto path = seeded(directory);
    make_posts_endless(path);
    const auto from = three_on(path, 2);
    std::vector<outcome<std::vector<post>>> hung(10);
    outcome<std::optional<user>> found;
    concurrency::loop loop;
    for (auto& each : hung)
        loop.spawn("test", keep(from.posts->latest(user_id{1}, 1), 1h, each));
    const auto finds = [](concurrency::loop& home, task<std::optional<user>> work,
                          outcome<std::optional<user>>& into) -> task<void> {
        co_await keep(std::move(work), 30s, into);
        home.cancel_all(concurrency::cancel_cause::requested); // else the others would hang on
    };
    loop.spawn("test", finds(loop, from.users->find(user_id{1}), found));
    loop.stop_when_empty();
    loop.run();
    CHECK(found.value.value()->name == "Ada Lovelace");
    for (const auto& each : hung) { // until they were cancelled
        CHECK_FALSE(each.value.has_value());
        CHECK_FALSE(each.error);
    }
}
