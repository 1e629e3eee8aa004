// tests of server/waiting_tasks: what a cancelled scope was waiting for.
#include "server/waiting_tasks.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/task_group.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace std::chrono_literals;
using namespace muster::concurrency;
using muster::handlers::explanation;
using muster::server::waiting_tasks;
using muster::tests::test_loop;

namespace {

task<int> quick() {
    co_await sleep_for(10ms);
    co_return 1;
}

task<int> slow() {
    co_await sleep_for(1h);
    co_return 2;
}

task<void> slow_part() {
    co_await sleep_for(1h);
}

task<int> both() {
    const auto [a, b] = co_await when_all(quick(), slow());
    co_return a + b;
}

} // namespace

TEST_CASE("the tasks still waiting at the deadline are named, those that ended and those that only join are not") {
    test_loop loop;
    waiting_tasks seen;
    const auto work = [](waiting_tasks& observer) -> task<void> { co_await with_timeout(50ms, both(), &observer); };
    CHECK_THROWS_AS(loop.run(work(seen)), deadline_exceeded);
    REQUIRE(seen.seen().size() == 1);
    const auto& left = seen.seen().front();
    CHECK(left.name == "slow");
    CHECK(left.told ==
          muster::handlers::explanation::child{.source = "slow", .state = "waiting", .wait = "timer", .elapsed = 50ms});
    CHECK(left.waits_for == "a timer");
    CHECK(left.at.starts_with("tests/server/waiting_tasks.cpp:"));
}

TEST_CASE("a task that works at a source is told by the source, and how often it has tried") {
    test_loop loop;
    waiting_tasks seen;
    const auto call = []() -> task<int> {
        activity it{.resource = "posts", .attempts = 2};
        const doing now(co_await current_task(), it);
        co_return co_await slow();
    };
    // Two ways are tried at once for one call: it is one child, whoever of the two works on.
    const auto call_in_parts = []() -> task<int> {
        activity it{.resource = "users", .attempts = 1};
        const doing now(co_await current_task(), it);
        const auto [a, b] = co_await when_all(slow(), slow());
        co_return a + b;
    };
    const auto work = [&]() -> task<void> {
        const auto all = [&]() -> task<void> { co_await when_all(call(), call_in_parts()); };
        co_await with_timeout(50ms, all(), &seen);
    };
    CHECK_THROWS_AS(loop.run(work()), deadline_exceeded);
    CHECK(seen.cause() == cancel_cause::deadline_exceeded);
    REQUIRE(seen.seen().size() == 2);
    const explanation::child posts{
        .source = "posts", .state = "waiting", .wait = "timer", .elapsed = 50ms, .attempts = 2};
    const explanation::child users{
        .source = "users", .state = "waiting", .wait = "timer", .elapsed = 50ms, .attempts = 1};
    const auto& first = seen.seen()[0].told;
    const auto& second = seen.seen()[1].told;
    CHECK(((first == posts && second == users) || (first == users && second == posts)));
}

TEST_CASE("a failure that ends the other parts of a request is heard of, with those that had not ended") {
    test_loop loop;
    waiting_tasks seen;
    const auto failing = []() -> task<int> {
        co_await sleep_for(10ms);
        throw std::runtime_error("x");
    };
    const auto work = [&]() -> task<void> {
        const auto all = [&]() -> task<void> { co_await when_all(slow(), failing(), quick()); };
        co_await with_timeout(50ms, all(), &seen);
    };
    CHECK_THROWS_AS(loop.run(work()), std::runtime_error);
    CHECK(seen.cause() == cancel_cause::sibling_failed);
    REQUIRE_FALSE(seen.seen().empty());
    CHECK(seen.seen()[0].told ==
          explanation::child{.source = "slow", .state = "waiting", .wait = "timer", .elapsed = 10ms});
}

TEST_CASE("a name that is not plain is for the log alone, and more tasks than may be told are left out") {
    test_loop loop;
    waiting_tasks seen;
    const auto work = [&]() -> task<void> {
        const auto all = []() -> task<void> {
            co_await with_group(100, [](task_group& group) -> task<void> {
                for (int i = 0; i != 20; ++i) {
                    co_await group.spawn("no plain name", slow_part());
                }
            });
        };
        co_await with_timeout(50ms, all(), &seen);
    };
    CHECK_THROWS_AS(loop.run(work()), deadline_exceeded);
    REQUIRE(seen.seen().size() == muster::handlers::most_children);
    for (const auto& task : seen.seen()) {
        CHECK(task.name == "no plain name");
        CHECK(task.told.source.empty());
    }
}

TEST_CASE("work that ends in time was waiting for nothing") {
    test_loop loop;
    waiting_tasks seen;
    const auto work = [](waiting_tasks& observer) -> task<void> { co_await with_timeout(50ms, quick(), &observer); };
    loop.run(work(seen));
    CHECK(seen.seen().empty());
}
