// tests of concurrency/shield.hpp: clean-up that no cancel reaches, and that is bounded all the same.
#include "concurrency/shield.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <stdexcept>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

task<void> tidies(duration d, int& done) {
    co_await sleep_for(d);
    ++done;
}

/// Waits to be cut, then tidies up under a shield of `budget` that needs `d`.
task<void> cut_then_tidies(duration budget, duration d, int& done, int& refused) {
    try {
        co_await sleep_for(1h);
    } catch (const cancelled&) {
    }
    try {
        co_await shield(budget, tidies(d, done));
    } catch (const deadline_exceeded&) {
        ++refused;
    }
}

} // namespace

TEST_CASE("invariant 6: a shielded scope ignores the cancel of its parent") {
    test_loop loop;
    int done = 0;
    int refused = 0;
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, cut_then_tidies(20ms, 10ms, done, refused)); };
    loop.run(body());
    CHECK(done == 1);
    CHECK(refused == 0);
    CHECK(loop.now() == 1010ms);
}

TEST_CASE("invariant 6: a cancel that comes while a shield runs leaves it alone") {
    test_loop loop;
    int done = 0;
    const auto body = [&]() -> task<void> {
        const auto work = [](int& n) -> task<void> { co_await shield(10s, tidies(20ms, n)); };
        co_await with_timeout(5ms, work(done));
    };
    loop.run(body());
    CHECK(done == 1);
    CHECK(loop.now() == 20ms);
}

TEST_CASE("invariant 6: a shield ends at its budget") {
    test_loop loop;
    int done = 0;
    const auto body = [&]() -> task<void> { co_await shield(20ms, tidies(1h, done)); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    CHECK(done == 0);
    CHECK(loop.now() == 20ms);
}

TEST_CASE("invariant 6: after a cancel a shield gets at most 25 ms, whatever it asked for") {
    test_loop loop;
    int done = 0;
    int refused = 0;
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, cut_then_tidies(10s, 1h, done, refused)); };
    loop.run(body());
    CHECK(done == 0);
    CHECK(refused == 1);
    CHECK(loop.now() == 1025ms);
}

TEST_CASE("invariant 6: a shield that was running when the cancel came gets at most 25 ms more") {
    test_loop loop;
    int done = 0;
    const auto work = [](int& n) -> task<void> { co_await shield(10s, tidies(1h, n)); };
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, work(done)); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    CHECK(loop.now() == 1025ms);
}

TEST_CASE("invariant 6: all shields of a cancelled request share the 25 ms, one after another and side by side") {
    test_loop loop;
    int done = 0;
    int refused = 0;
    const auto one_after_another = [&]() -> task<void> {
        co_await cut_then_tidies(20ms, 15ms, done, refused);
        try {
            co_await shield(20ms, tidies(15ms, done)); // 10 ms are left
        } catch (const deadline_exceeded&) {
            ++refused;
        }
    };
    const auto both = [&]() -> task<void> {
        co_await when_all(one_after_another(), cut_then_tidies(30ms, 24ms, done, refused));
    };
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, both()); };
    loop.run(body());
    CHECK(done == 2);
    CHECK(refused == 1);
    CHECK(loop.now() == 1025ms);
}

TEST_CASE("invariant 6: two requests cut by the same shutdown have 25 ms each, whoever began first") {
    test_loop loop;
    int early = 0;
    int late = 0;
    int refused = 0;
    loop.start(cut_then_tidies(20ms, 15ms, early, refused));
    const auto slow_to_begin = [&]() -> task<void> {
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
        }
        const auto nothing = []() -> task<void> { co_return; };
        co_await shield(1ms, nothing());
        co_await shield(24ms, tidies(20ms, late));
    };
    loop.settle();
    loop.get().root_scope().cancel(cancel_cause::shutdown);
    loop.settle();
    loop.advance(10ms);
    loop.start(slow_to_begin()); // its window begins with its own first shield
    loop.advance(1s);
    CHECK(early == 1);
    CHECK(late == 1);
    CHECK(refused == 0);
}

TEST_CASE("invariant 6: a window that an inner cancel opened does not open again for an outer one") {
    test_loop loop;
    int done = 0;
    int refused = 0;
    const auto fails = []() -> task<void> {
        co_await sleep_for(1ms);
        throw std::runtime_error("the inner cancel");
    };
    const auto tidies_twice = [&]() -> task<void> {
        co_await cut_then_tidies(20ms, 15ms, done, refused); // 1 .. 16
        try {
            co_await shield(1s, tidies(1h, done)); // until 26, although the outer limit comes at 20
        } catch (const deadline_exceeded&) {
            ++refused;
        }
    };
    const auto inner = [&]() -> task<void> { co_await when_all(fails(), tidies_twice()); };
    const auto body = [&]() -> task<void> { co_await with_timeout(20ms, inner()); };
    CHECK_THROWS_AS(loop.run(body()), std::runtime_error);
    CHECK(done == 1);
    CHECK(refused == 1);
    CHECK(loop.now() == 26ms);
}

TEST_CASE("invariant 6: inside a shortened shield the time left is the shortened one, and its error says so") {
    test_loop loop;
    std::optional<duration> left;
    std::optional<duration> budget;
    const auto looks = [&]() -> task<void> {
        co_await sleep_for(10ms);
        left = co_await time_left();
        co_await sleep_for(1h);
    };
    const auto limited = [&]() -> task<void> { co_await with_timeout(500ms, looks()); };
    const auto work = [&]() -> task<void> {
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
        }
        try {
            co_await shield(1s, limited());
        } catch (const deadline_exceeded& e) {
            budget = e.budget();
        }
    };
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, work()); };
    loop.run(body());
    CHECK(left == 15ms);
    CHECK(budget == 25ms);
}

TEST_CASE("a shield of endless budget has an end all the same") {
    test_loop loop;
    int done = 0;
    const auto body = [&]() -> task<void> { co_await shield(duration::max(), tidies(1ms, done)); };
    loop.run(body());
    CHECK(done == 1);
}
