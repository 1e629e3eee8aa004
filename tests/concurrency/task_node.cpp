// tests of concurrency/task_node.hpp: what a task tells of itself besides its place: what it does, and its trace.
#include "concurrency/task_node.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

TEST_CASE("what a task does is told while it lasts, an inner activity before an outer one") {
    test_loop loop;
    const auto inner = [](const activity& outer) -> task<void> {
        const task_node& self = co_await current_task();
        CHECK(self.activity() == &outer);
        const activity call{.resource = "posts", .attempts = 2};
        const doing it(co_await current_task(), call);
        CHECK(self.activity() == &call);
        co_await sleep_for(1ms);
        CHECK(self.activity() == &call);
    };
    const auto body = [&]() -> task<void> {
        task_node& self = co_await current_task();
        CHECK(self.activity() == nullptr);
        {
            const activity lookup{.resource = "users"};
            const doing it(self, lookup);
            co_await inner(lookup);
            CHECK(self.activity() == &lookup);
        }
        CHECK(self.activity() == nullptr);
    };
    loop.run(body());
}

TEST_CASE("what a task did is over when an exception ends it, and its children do what they do themselves") {
    test_loop loop;
    const auto child = []() -> task<void> {
        CHECK((co_await current_task()).activity() == nullptr);
        const activity call{.resource = "posts"};
        const doing it(co_await current_task(), call);
        co_await sleep_for(1h);
    };
    const auto body = [&]() -> task<void> {
        task_node& self = co_await current_task();
        const activity all{.resource = "all"};
        const doing it(self, all);
        const auto limited = [&]() -> task<void> {
            const activity one{.resource = "one"};
            const doing that(self, one);
            co_await when_all(child(), child());
        };
        bool expired = false;
        try {
            co_await with_timeout(1ms, limited());
        } catch (const deadline_exceeded&) {
            expired = true;
        }
        CHECK(expired);
        CHECK(self.activity() == &all);
    };
    loop.run(body());
}

TEST_CASE("a task's trace is the nearest one upwards, and none is none") {
    test_loop loop;
    const trace_context outer{.parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", .state = "a=b"};
    const trace_context inner{.parent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01", .state = {}};
    const auto sees = [](const trace_context* expected) -> task<void> {
        CHECK((co_await current_task()).trace() == expected);
    };
    const auto request = [&]() -> task<void> {
        co_await when_all(sees(&outer), sees(&outer));
        co_await run_task({.name = "part", .ref = {}, .trace = &inner}, sees(&inner));
        co_await run_task({task_kind::child, "part", "r-2"}, sees(&outer));
    };
    const auto body = [&]() -> task<void> {
        co_await sees(nullptr);
        co_await run_task({task_kind::request, "GET /user/{id}", "r-1", &outer}, request());
        co_await sees(nullptr);
    };
    loop.run(body());
}
