// tests of concurrency/cancel.hpp's observers: what they hear, in which order, and what they see then.
#include "concurrency/cancel.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/shield.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

/// Counts what it is told, and who still waited for a timer then.
struct witness final : cancel_observer {
    int cancels = 0;
    int failures = 0;
    int tasks = 0;
    int waiting = 0;
    bool began_there = false;
    const cancel_scope* observed = nullptr;
    const cancel_scope* inner = nullptr;

    void on_cancelled(const cancel_scope& scope) noexcept override {
        ++cancels;
        observed = &scope;
        count(scope);
    }

    void on_sibling_failed(const cancel_scope& scope) noexcept override {
        ++failures;
        inner = &scope;
        began_there = scope.began_here() && scope.cause() == cancel_cause::sibling_failed;
        count(scope);
    }

    void count(const cancel_scope& scope) noexcept {
        tasks = 0;
        waiting = 0;
        scope.for_each_task([this](const task_node& t) {
            ++tasks;
            waiting += t.waits_for().what == "a timer" ? 1 : 0;
        });
    }
};

task<void> waits() {
    co_await sleep_for(10s);
}

task<void> fails_after(duration d) {
    co_await sleep_for(d);
    throw std::runtime_error("a part failed");
}

task<void> fan_out_of_three(duration fails_at) {
    co_await when_all(waits(), fails_after(fails_at), waits());
}

} // namespace

TEST_CASE("an observer hears of a cancel while every task still waits where it was") {
    test_loop loop;
    witness seen;
    const auto two = []() -> task<void> { co_await when_all(waits(), waits()); };
    const auto body = [&]() -> task<void> { co_await with_timeout(5s, two(), &seen); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    CHECK(seen.cancels == 1);
    CHECK(seen.failures == 0);
    CHECK(seen.tasks == 3);
    CHECK(seen.waiting == 2);
}

TEST_CASE("an observer hears of a failure further in while the siblings of who failed still wait where they were") {
    test_loop loop;
    witness seen;
    const auto deeper = []() -> task<void> { co_await when_all(fan_out_of_three(1s)); };
    const auto body = [&]() -> task<void> { co_await with_timeout(5s, deeper(), &seen); };
    CHECK_THROWS_AS(loop.run(body()), std::runtime_error);
    // The outer join's scope is cancelled after the inner one's, and holds nobody any more.
    CHECK(seen.failures == 2);
    CHECK(seen.cancels == 0);
    CHECK(seen.began_there);

    witness first;
    const auto direct = [&]() -> task<void> { co_await with_timeout(5s, fan_out_of_three(1s), &first); };
    CHECK_THROWS_AS(loop.run(direct()), std::runtime_error);
    CHECK(first.failures == 1);
    CHECK(first.tasks == 2);
    CHECK(first.waiting == 2);
}

TEST_CASE("a failure that the work does without is told, and so is the cancel that comes later") {
    test_loop loop;
    witness seen;
    const auto does_without = []() -> task<void> {
        try {
            co_await fan_out_of_three(1s);
        } catch (const std::runtime_error&) {
        }
        co_await waits();
    };
    const auto body = [&]() -> task<void> { co_await with_timeout(5s, does_without(), &seen); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    CHECK(seen.failures == 1);
    CHECK(seen.cancels == 1);
    CHECK(seen.tasks == 1);
    CHECK(seen.waiting == 1);
    CHECK(seen.observed != seen.inner);
}

TEST_CASE("a failure further in is told to the nearest observer outward, and other causes to none") {
    test_loop loop;
    witness outer;
    witness inner;
    const auto fails = [&]() -> task<void> {
        try {
            co_await with_timeout(4s, fan_out_of_three(1s), &inner);
        } catch (const std::runtime_error&) {
        }
    };
    const auto is_late = []() -> task<void> {
        bool expired = false;
        try {
            co_await with_timeout(1s, fan_out_of_three(10s));
        } catch (const deadline_exceeded&) {
            expired = true;
        }
        CHECK(expired);
    };
    const auto both = [&]() -> task<void> {
        co_await fails();
        co_await is_late();
    };
    const auto body = [&]() -> task<void> { co_await with_timeout(5s, both(), &outer); };
    loop.run(body());
    CHECK(inner.failures == 1);
    CHECK(inner.cancels == 0);
    CHECK(outer.failures == 0);
    CHECK(outer.cancels == 0);
}

TEST_CASE("what fails inside a shield is not told to an observer outside it") {
    test_loop loop;
    witness outer;
    witness own;
    const auto tidies = [&]() -> task<void> {
        bool failed = false;
        try {
            co_await fan_out_of_three(5ms);
        } catch (const std::runtime_error&) {
            failed = true;
        }
        CHECK(failed);
        failed = false;
        try {
            co_await with_timeout(10ms, fan_out_of_three(5ms), &own);
        } catch (const std::runtime_error&) {
            failed = true;
        }
        CHECK(failed);
    };
    const auto work = [&]() -> task<void> {
        try {
            co_await waits();
        } catch (const cancelled&) {
        }
        co_await shield(20ms, tidies());
    };
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, work(), &outer); };
    loop.run(body());
    CHECK(outer.cancels == 1);
    CHECK(outer.failures == 0);
    CHECK(own.failures == 1);
}
