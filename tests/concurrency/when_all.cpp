// tests of concurrency/when_all.hpp: who is cancelled, which error wins, when it returns.
#include "concurrency/when_all.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/shield.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

task<std::string> says_after(duration d, std::string word) {
    co_await sleep_for(d);
    co_return word;
}

task<int> fails_after(duration d, const char* why) {
    co_await sleep_for(d);
    throw std::runtime_error(why);
}

task<int> fails_at_once() {
    throw std::runtime_error("at once");
    co_return 0;
}

/// Takes `clean_up` to end after it was cut.
task<int> ends_slowly(duration clean_up, bool& ended) {
    bool cut = false;
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
        cut = true;
    }
    const auto tidy = [](duration d) -> task<void> { co_await sleep_for(d); };
    co_await shield(1s, tidy(clean_up));
    ended = true;
    CHECK(cut);
    co_return 0;
}

} // namespace

TEST_CASE("when_all runs its children at once and yields their values in order") {
    test_loop loop;
    const auto body = []() -> task<std::string> {
        const auto nothing = []() -> task<void> { co_await sleep_for(1ms); };
        auto [a, b, c] = co_await when_all(says_after(30ms, "a"), nothing(), says_after(10ms, "c"));
        static_assert(std::is_same_v<decltype(b), std::monostate>);
        co_return a + c;
    };
    CHECK(loop.run(body()) == "ac");
    CHECK(loop.now() == 30ms);
}

TEST_CASE("when_all of a vector yields a vector, also of nothing") {
    test_loop loop;
    const auto body = [](int n) -> task<std::size_t> {
        std::vector<task<std::string>> many;
        for (int i = 0; i != n; ++i) {
            many.push_back(says_after(std::chrono::milliseconds(n - i), std::to_string(i)));
        }
        const auto words = co_await when_all(std::move(many));
        for (int i = 0; i != n; ++i) {
            CHECK(words[static_cast<std::size_t>(i)] == std::to_string(i));
        }
        co_return words.size();
    };
    CHECK(loop.run(body(50)) == 50);
    CHECK(loop.run(body(0)) == 0);
}

TEST_CASE("a failed child cancels its siblings, and nobody waits for them") {
    test_loop loop;
    const auto body = []() -> task<void> {
        co_await when_all(says_after(10s, "late"), fails_after(7ms, "first"), fails_after(9ms, "second"));
    };
    try {
        loop.run(body());
        FAIL("the error was lost");
    } catch (const std::runtime_error& e) {
        CHECK(std::string(e.what()) == "first");
    }
    CHECK(loop.now() == 7ms);
}

TEST_CASE("siblings not yet started when one fails at once never start") {
    test_loop loop;
    bool started = false;
    const auto body = [&]() -> task<void> {
        const auto notes = [](bool& flag) -> task<int> {
            flag = true;
            co_return 1;
        };
        co_await when_all(fails_at_once(), notes(started));
    };
    CHECK_THROWS_AS(loop.run(body()), std::runtime_error);
    CHECK_FALSE(started);
}

TEST_CASE("invariant 1: when_all returns only after every started child has ended") {
    test_loop loop;
    bool ended = false;
    const auto body = [&]() -> task<void> { co_await when_all(fails_after(1ms, "first"), ends_slowly(20ms, ended)); };
    CHECK_THROWS_AS(loop.run(body()), std::runtime_error);
    CHECK(ended);
    CHECK(loop.now() == 21ms);
}

TEST_CASE("invariant 1: a cancel from outside is waited out as well, and reported as that cancel") {
    test_loop loop;
    bool ended = false;
    const auto inner = [&]() -> task<void> { co_await when_all(says_after(1h, "never"), ends_slowly(15ms, ended)); };
    const auto body = [&]() -> task<void> { co_await with_timeout(5s, inner()); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    CHECK(ended);
    CHECK(loop.now() == 5s + 15ms);
}

TEST_CASE("an error that comes after a cancel from outside is logged, not thrown") {
    test_loop loop;
    const auto turns_cancel_into_error = []() -> task<int> {
        bool cut = false;
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
            cut = true;
        }
        CHECK(cut);
        throw std::runtime_error("in the wake of the cancel");
    };
    const auto inner = [&]() -> task<void> { co_await when_all(turns_cancel_into_error()); };
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, inner()); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    REQUIRE(loop.errors().size() == 1);
    CHECK(loop.errors()[0].find("in the wake of the cancel") != std::string::npos);
}

TEST_CASE("children that all succeed although they were cut deliver their values") {
    test_loop loop;
    const auto stubborn = []() -> task<int> {
        bool cut = false;
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
            cut = true;
        }
        CHECK(cut);
        co_return 5;
    };
    const auto inner = [&]() -> task<int> {
        const auto [a, b] = co_await when_all(stubborn(), stubborn());
        co_return a + b;
    };
    const auto body = [&]() -> task<int> { co_return co_await with_timeout(1s, inner()); };
    CHECK(loop.run(body()) == 10);
    CHECK(loop.now() == 1s);
}

TEST_CASE("run_task gives its work a place and a name in the tree") {
    test_loop loop;
    const auto body = []() -> task<void> {
        const task_node& outer = co_await current_task();
        const auto inner = [](const task_node& parent) -> task<int> {
            const task_node& me = co_await current_task();
            CHECK(me.parent() == &parent);
            CHECK(me.label().name == "GET /user/{id}");
            CHECK(me.ref() == "r-1");
            CHECK(me.root_id() == me.id());
            co_return 3;
        };
        CHECK(co_await run_task({task_kind::request, "GET /user/{id}", "r-1"}, inner(outer)) == 3);
    };
    loop.run(body());
}
