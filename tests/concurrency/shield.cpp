// tests of concurrency/shield.hpp: clean-up that no cancel reaches, and that is bounded all the same.
#include "concurrency/shield.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

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
