// tests of concurrency/condition.hpp: all that wait are woken, in order and from the loop; a cancel takes one out.
#include "concurrency/condition.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/cut.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <vector>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::cut_at_every_step;
using muster::tests::test_loop;

namespace {

constexpr wait_reason a_name{.what = "a name", .resource = "posts"};

task<void> waits(condition& c, std::vector<int>& order, int who) {
    co_await c.wait(a_name);
    order.push_back(who);
}

} // namespace

TEST_CASE("a condition wakes all that wait, in the order in which they began, and from the loop") {
    test_loop loop;
    condition changed;
    std::vector<int> order;
    std::size_t inside = 99;
    const auto tells = [&]() -> task<void> {
        co_await sleep_for(5ms);
        CHECK(changed.waited_for());
        changed.notify_all();
        inside = order.size();
        CHECK_FALSE(changed.waited_for());
    };
    const auto body = [&]() -> task<void> {
        co_await when_all(waits(changed, order, 1), waits(changed, order, 2), tells(), waits(changed, order, 3));
    };
    CHECK_FALSE(changed.waited_for());
    loop.run(body());
    CHECK(inside == 0);
    CHECK(order == std::vector{1, 2, 3});
    CHECK(loop.now() == 5ms);
}

TEST_CASE("who waits for a condition again waits for the next time") {
    test_loop loop;
    condition changed;
    int woken = 0;
    bool ready = false;
    const auto looks = [&]() -> task<void> {
        while (!ready) {
            co_await changed.wait(a_name);
            ++woken;
        }
    };
    const auto tells = [&]() -> task<void> {
        for (int i = 0; i != 3; ++i) {
            co_await sleep_for(1ms);
            CHECK(woken == i);
            ready = i == 2;
            changed.notify_all();
            changed.notify_all(); // nobody waits yet: lost, as it should be
        }
    };
    const auto body = [&]() -> task<void> { co_await when_all(looks(), tells()); };
    loop.run(body());
    CHECK(woken == 3);
}

TEST_CASE("who waits for a condition says so in the roll, and for what") {
    test_loop loop;
    condition changed;
    const task_node* waiting = nullptr;
    const auto waiter = [&]() -> task<void> {
        waiting = &co_await current_task();
        co_await changed.wait(a_name);
        CHECK(waiting->waits_for().what.empty());
    };
    loop.start(waiter());
    loop.settle();
    REQUIRE(waiting != nullptr);
    CHECK(waiting->waits_for().what == "a name");
    CHECK(waiting->waits_for().resource == "posts");
    changed.notify_all();
    loop.settle();
    CHECK(loop.get().live_tasks() == 0);
}

TEST_CASE("a cancelled waiter leaves the condition, and the others stay") {
    test_loop loop;
    condition changed;
    std::vector<int> order;
    const auto impatient = [&]() -> task<void> {
        bool cut = false;
        try {
            co_await with_timeout(2ms, waits(changed, order, 2));
        } catch (const deadline_exceeded&) {
            cut = true;
        }
        CHECK(cut);
        CHECK(changed.waited_for());
    };
    const auto tells = [&]() -> task<void> {
        co_await sleep_for(5ms);
        changed.notify_all();
    };
    const auto body = [&]() -> task<void> {
        co_await when_all(waits(changed, order, 1), impatient(), waits(changed, order, 3), tells());
    };
    loop.run(body());
    CHECK(order == std::vector{1, 3});
    CHECK_FALSE(changed.waited_for());
}

TEST_CASE("a notification that comes before the cancel is delivered, and the next await throws") {
    test_loop loop;
    condition changed;
    bool delivered = false;
    bool went_on = false;
    cancel_scope* scope = nullptr;
    const auto waiter = [&]() -> task<void> {
        scope = &co_await current_scope();
        co_await changed.wait(a_name);
        delivered = true;
        co_await changed.wait(a_name);
        went_on = true;
    };
    loop.start(waiter());
    loop.settle();
    REQUIRE(scope != nullptr);
    changed.notify_all();
    scope->cancel(cancel_cause::requested);
    loop.settle();
    CHECK(delivered);
    CHECK_FALSE(went_on);
    CHECK_FALSE(changed.waited_for());
}

TEST_CASE("who is cut is no longer notified, even before he has had his turn") {
    test_loop loop;
    condition changed;
    int ended = 0;
    cancel_scope* scope = nullptr;
    const auto waiter = [&]() -> task<void> {
        scope = &co_await current_scope();
        try {
            co_await changed.wait(a_name);
        } catch (const cancelled&) {
            ++ended;
        }
    };
    loop.start(waiter());
    loop.settle();
    REQUIRE(scope != nullptr);
    scope->cancel(cancel_cause::requested);
    CHECK_FALSE(changed.waited_for());
    changed.notify_all();
    CHECK(ended == 0);
    loop.settle();
    CHECK(ended == 1);
}

TEST_CASE("a condition cut at every step keeps nobody") {
    std::unique_ptr<condition> changed;
    bool ready = false;
    const auto looks = [&]() -> task<void> {
        while (!ready) {
            co_await changed->wait(a_name);
        }
    };
    const auto tells = [&]() -> task<void> {
        co_await sleep_for(1ms);
        changed->notify_all();
        co_await sleep_for(1ms);
        ready = true;
        changed->notify_all();
    };
    const int cuts = cut_at_every_step(
        [&](test_loop& /*loop*/) -> task<void> {
            changed = std::make_unique<condition>();
            ready = false;
            co_await when_all(looks(), looks(), tells(), looks());
        },
        [&](test_loop& /*loop*/) { CHECK_FALSE(changed->waited_for()); });
    CHECK(cuts >= 8);
}
