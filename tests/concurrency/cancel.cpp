// tests of concurrency/cancel.hpp: the tree of scopes, the first cause, stickiness, and cancels among tasks that end.
#include "concurrency/cancel.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/operation.hpp"
#include "concurrency/task_group.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <random>
#include <vector>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

/// Sleeps, and says by which cause it was cut.
task<void> sleeps(duration d, std::optional<cancel_cause>& cut_by) {
    try {
        co_await sleep_for(d);
    } catch (const cancelled& c) {
        cut_by = c.cause();
        throw;
    }
}

task<void> throws_after(duration d) {
    co_await sleep_for(d);
    throw std::runtime_error("failed");
}

} // namespace

TEST_CASE("invariant 2: the first cause wins in a scope") {
    test_loop loop;
    std::optional<cancel_cause> inner;
    const auto body = [&]() -> task<void> {
        cancel_scope& scope = co_await current_scope();
        loop.get().post([&scope] {
            scope.cancel(cancel_cause::client_gone);
            scope.cancel(cancel_cause::shutdown);
            CHECK(scope.cause() == cancel_cause::client_gone);
        });
        co_await when_all(sleeps(1s, inner), sleeps(2s, inner));
    };
    try {
        loop.run(body());
        FAIL("the cancel was lost");
    } catch (const cancelled& c) {
        CHECK(c.cause() == cancel_cause::client_gone);
    }
    CHECK(inner == cancel_cause::client_gone);
    CHECK(loop.now() == 0ms);
}

TEST_CASE("invariant 2: in a group that failed, a later cancel from outside changes neither cause nor error") {
    test_loop loop;
    std::optional<cancel_cause> cut_by;
    const auto body = [&]() -> task<void> {
        cancel_scope& scope = co_await current_scope();
        const auto cancels_outside = [](cancel_scope& s, task<void> then) -> task<void> {
            bool cut = false;
            try {
                co_await std::move(then);
            } catch (const cancelled&) {
                cut = true;
            }
            CHECK(cut);
            s.cancel(cancel_cause::shutdown);
            const cancel_scope& mine = co_await current_scope();
            CHECK(mine.cause() == cancel_cause::sibling_failed);
        };
        co_await when_all(throws_after(5ms), cancels_outside(scope, sleeps(1s, cut_by)));
    };
    CHECK_THROWS_AS(loop.run(body()), std::runtime_error);
    CHECK(cut_by == cancel_cause::sibling_failed);
    CHECK(loop.now() == 5ms);
}

TEST_CASE("invariant 3: a cancelled task throws at its next await, and at each one after it") {
    test_loop loop;
    int thrown = 0;
    const auto body = [&]() -> task<void> {
        cancel_scope& scope = co_await current_scope();
        scope.cancel(cancel_cause::requested);
        for (int i = 0; i != 3; ++i) {
            try {
                co_await reschedule();
            } catch (const cancelled& c) {
                CHECK(c.cause() == cancel_cause::requested);
                ++thrown;
            }
        }
    };
    loop.run(body());
    CHECK(thrown == 3);
}

TEST_CASE("invariant 3: an operation that succeeded before the cancel still delivers its value") {
    test_loop loop;
    bool delivered = false;
    bool next_threw = false;
    cancel_scope* scope = nullptr;
    const auto body = [&]() -> task<void> {
        scope = &co_await current_scope();
        co_await reschedule(); // complete as soon as it is queued; only its turn is to come
        delivered = true;
        try {
            co_await reschedule();
        } catch (const cancelled&) {
            next_threw = true;
        }
    };
    loop.start(body());
    REQUIRE(loop.step());
    REQUIRE(scope != nullptr);
    scope->cancel(cancel_cause::requested);
    loop.settle();
    CHECK(delivered);
    CHECK(next_threw);
}

TEST_CASE("invariant 3: a timer that fired before the cancel is a success") {
    test_loop loop;
    bool slept = false;
    bool next_threw = false;
    const auto sleeper = [&]() -> task<void> {
        co_await sleep_for(5ms);
        slept = true;
        (co_await current_scope()).cancel(cancel_cause::requested);
        try {
            co_await sleep_for(1ms);
        } catch (const cancelled&) {
            next_threw = true;
        }
    };
    loop.run(sleeper());
    CHECK(slept);
    CHECK(next_threw);
    CHECK(loop.now() == 5ms);
}

TEST_CASE("invariant 4: a cancel never resumes inside its call") {
    test_loop loop;
    bool resumed = false;
    cancel_scope* scope = nullptr;
    const auto body = [&]() -> task<void> {
        scope = &co_await current_scope();
        try {
            co_await sleep_for(1s);
        } catch (const cancelled&) {
            resumed = true;
        }
    };
    loop.start(body());
    loop.settle();
    REQUIRE(scope != nullptr);
    scope->cancel(cancel_cause::requested);
    CHECK_FALSE(resumed);
    loop.settle();
    CHECK(resumed);
}

TEST_CASE("invariant 4: 2,000 children that end and are cancelled at random leave nothing behind") {
    const auto seed = GENERATE(1U, 2U, 3U, 5U, 8U, 13U, 21U, 34U);
    test_loop loop;
    std::mt19937 random(seed);
    int began = 0;
    int ended = 0;
    const auto leaf = [&](int ms, bool fails) -> task<void> {
        ++began;
        struct counts_end {
            int& n;
            ~counts_end() { ++n; }
        } const at_end{ended};
        co_await sleep_for(std::chrono::milliseconds(ms));
        if (fails) {
            throw std::runtime_error("a child failed");
        }
        co_await reschedule();
    };
    const auto nested = [&](int ms) -> task<void> {
        std::vector<task<void>> pair;
        pair.push_back(leaf(ms, false));
        pair.push_back(leaf(ms + 1, ms % 7 == 0));
        try {
            co_await when_all(std::move(pair));
        } catch (const std::exception&) {
            co_return; // its own failure is its own affair
        }
    };
    const auto cut_group = [&](int ms) -> task<void> {
        std::vector<task<void>> children;
        for (int i = 0; i != 20; ++i) {
            children.push_back(i % 2 == 0 ? nested(static_cast<int>(random() % 50))
                                          : leaf(static_cast<int>(random() % 50), false));
        }
        const auto all = [](std::vector<task<void>> c) -> task<void> { co_await when_all(std::move(c)); };
        try {
            co_await with_timeout(std::chrono::milliseconds(ms), all(std::move(children)));
        } catch (const deadline_exceeded&) {
            co_return;
        }
    };
    const auto body = [&]() -> task<void> {
        std::vector<task<void>> groups;
        for (int i = 0; i != 100; ++i) {
            groups.push_back(cut_group(static_cast<int>(random() % 60)));
        }
        co_await when_all(std::move(groups));
    };
    loop.run(body());
    CHECK(began == ended);
    CHECK(loop.get().live_tasks() == 0);
    CHECK(began > 2000);
    CHECK(loop.now() <= 61ms);
}

TEST_CASE("invariant 7: the cancellation slot is empty when no operation is in flight") {
    test_loop loop;
    const auto body = [&]() -> task<void> {
        task_node& me = co_await current_task();
        co_await sleep_for(1ms);
        CHECK_FALSE(me.slot().has_handler());
        co_await reschedule();
        CHECK_FALSE(me.slot().has_handler());
        using stream = boost::asio::local::stream_protocol;
        boost::asio::basic_stream_socket<stream, deferred_executor> a(loop.get().context());
        boost::asio::basic_stream_socket<stream, deferred_executor> b(loop.get().context());
        boost::asio::local::connect_pair(a, b);
        co_await b.async_write_some(boost::asio::buffer("x", 1));
        CHECK_FALSE(me.slot().has_handler());
        char byte = 0;
        co_await a.async_read_some(boost::asio::buffer(&byte, 1));
        CHECK_FALSE(me.slot().has_handler());
        me.scope().cancel(cancel_cause::requested); // with a dangling handler in the slot this is a use after free
    };
    loop.run(body());
}

TEST_CASE("a scope opened below a cancelled one is cancelled, with the same cause") {
    test_loop loop;
    const auto body = [&]() -> task<cancel_cause> {
        task_node& me = co_await current_task();
        me.scope().cancel(cancel_cause::client_gone);
        const cancel_scope inner(me, no_deadline);
        CHECK_FALSE(inner.began_here());
        co_return inner.cause();
    };
    CHECK(loop.run(body()) == cancel_cause::client_gone);
}

TEST_CASE("a source cancels the work under its limit, from outside, with its own cause") {
    test_loop loop;
    cancel_source source;
    std::optional<cancel_cause> seen;
    loop.get().spawn("outside", [](cancel_source& outside) -> task<void> {
        co_await sleep_for(1s);
        outside.cancel(cancel_cause::client_gone);
        outside.cancel(cancel_cause::requested);
    }(source));
    const auto body = [&]() -> task<void> { co_await with_timeout(5s, sleeps(10s, seen), nullptr, &source); };
    CHECK_THROWS_AS(loop.run(body()), cancelled);
    CHECK(seen == cancel_cause::client_gone);
    source.cancel(cancel_cause::requested); // of work that has ended: nothing
}

TEST_CASE("a source that was cancelled first hits the work at its first await") {
    test_loop loop;
    cancel_source source;
    std::optional<cancel_cause> seen;
    source.cancel(cancel_cause::client_gone);
    const auto body = [&]() -> task<void> { co_await with_timeout(5s, sleeps(10s, seen), nullptr, &source); };
    CHECK_THROWS_AS(loop.run(body()), cancelled);
    CHECK(seen == cancel_cause::client_gone);
}

TEST_CASE("a cancel is not caught as a std::exception") {
    STATIC_CHECK_FALSE(std::is_base_of_v<std::exception, cancelled>);
    CHECK(std::string(to_string(cancel_cause::sibling_failed)) == "sibling_failed");
}
