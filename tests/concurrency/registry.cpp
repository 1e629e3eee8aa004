// tests of concurrency/registry.hpp: the roll tells every task with its place, in slices, and in time.
#include "concurrency/registry.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/operation.hpp"
#include "concurrency/semaphore.hpp"
#include "concurrency/shield.hpp"
#include "concurrency/source_names.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/real_loops.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::real_loops;
using muster::tests::test_loop;

namespace {

constexpr unsigned here = __LINE__;

task<void> waits_deep_inside(duration d) {
    co_await sleep_for(d); // here + 3
}

task<void> calls_it(duration d) {
    co_await waits_deep_inside(d); // here + 7
}

const task_record* find(const loop_record& record, std::string_view name) {
    const auto it = std::ranges::find_if(record.tasks, [&](const task_record& t) { return t.name == name; });
    return it == record.tasks.end() ? nullptr : &*it;
}

} // namespace

TEST_CASE("the roll shows each task with its tree, its async stack, its age and what is left of its time") {
    test_loop loop;
    roll_call roll({&loop.get()});
    const auto request = []() -> task<void> { co_await when_all(calls_it(1h), waits_deep_inside(1h)); };
    const auto serves = [&]() -> task<void> {
        const auto limited = [&]() -> task<void> { co_await with_timeout(5s, request()); };
        co_await run_task({task_kind::request, "GET /user/{id}", "r-1"}, limited());
    };
    loop.start(serves());
    loop.settle();
    loop.advance(2s);
    const auto asks = [&]() -> task<snapshot> { co_return co_await roll.take(100, 250ms); };
    const snapshot s = loop.run(asks());
    REQUIRE(s.parts.size() == 1);
    REQUIRE(s.parts[0].told != nullptr);
    const loop_record& told = *s.parts[0].told;
    CHECK(told.live() == 5); // the connection, the request, two children, and the one who asks
    CHECK(told.counts.of(task_kind::request).roots == 1);
    CHECK(told.counts.of(task_kind::request).tasks == 3);
    std::uint64_t others = 0;
    for (const auto kind : {task_kind::child, task_kind::connection, task_kind::listener, task_kind::background}) {
        CHECK(told.counts.of(kind).roots == told.counts.of(kind).tasks);
        others += told.counts.of(kind).roots;
    }
    CHECK(others == 2);
    REQUIRE(told.tasks.size() == 5);

    const task_record* r = find(told, "GET /user/{id}");
    REQUIRE(r != nullptr);
    CHECK(r->kind == task_kind::request);
    CHECK(r->ref == "r-1");
    CHECK(told.taken_at - r->started_at == 2s);
    CHECK(r->deadline - told.taken_at == 3s);
    CHECK_FALSE(r->cancelled.has_value());
    CHECK(r->waits_for == "children");

    const auto child = std::ranges::find_if(told.tasks, [&](const task_record& t) { return t.parent == r->id; });
    REQUIRE(child != told.tasks.end());
    CHECK(child->root == r->id);
    CHECK(child->waits_for == "a timer");
    REQUIRE(child->frames == 2);
    const frame_record& leaf = told.frames[child->first_frame];
    const frame_record& caller = told.frames[child->first_frame + 1];
    CHECK(tidy_function(leaf.function) == "waits_deep_inside");
    CHECK(tidy_function(caller.function) == "calls_it");
    CHECK(tidy_file(leaf.file) == "tests/concurrency/registry.cpp");
    CHECK(leaf.line == here + 3);
    CHECK(caller.line == here + 7);
    loop.get().root_scope().cancel(cancel_cause::shutdown);
    loop.settle();
}

TEST_CASE("a cancelled task that has not ended is shown with its cause, also inside a shield") {
    test_loop loop;
    roll_call roll({&loop.get()});
    const auto tidies = []() -> task<void> {
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
        }
        co_await shield(1s, waits_deep_inside(20ms));
    };
    const auto inner = [&]() -> task<void> { co_await when_all(tidies()); };
    const auto victim = [&]() -> task<void> { co_await with_timeout(1s, inner()); };
    const auto asks = [&]() -> task<snapshot> { co_return co_await roll.take(100, 250ms); };
    loop.start(victim());
    loop.advance(1010ms);
    const snapshot s = loop.run(asks());
    const loop_record& told = *s.parts[0].told;
    REQUIRE(told.tasks.size() == 3);
    for (std::size_t i = 0; i != 2; ++i) {
        CHECK(told.tasks[i].cancelled == cancel_cause::deadline_exceeded);
        CHECK(told.taken_at - told.tasks[i].cancelled_at == 10ms);
    }
    CHECK_FALSE(told.tasks[0].shielded);
    CHECK(told.tasks[1].shielded);
    CHECK_FALSE(told.tasks[2].cancelled.has_value());
    loop.advance(1s);
}

TEST_CASE("the roll shows what a task does at a source, and the resource of its wait before that of the activity") {
    test_loop loop;
    roll_call roll({&loop.get()});
    activity call{.resource = "posts"};
    semaphore slots("posts' slots", {&loop.get()}, 0);
    const auto asks_a_source = [&](bool needs_a_slot) -> task<void> {
        const doing it(co_await current_task(), call);
        if (needs_a_slot) {
            const permit p = co_await slots.acquire();
        }
        co_await sleep_for(1h);
    };
    const auto asks = [&]() -> task<snapshot> { co_return co_await roll.take(100, 250ms); };
    loop.start(asks_a_source(false));
    loop.start(asks_a_source(true));
    loop.settle();
    call.attempts = 2; // as it works
    call.written = 180;
    call.read = 17;
    const snapshot s = loop.run(asks());
    call.read = 18; // what was told is a copy
    const loop_record& told = *s.parts[0].told;
    REQUIRE(told.tasks.size() == 3);
    CHECK(told.tasks[0].waits_for == "a timer");
    CHECK(told.tasks[0].resource == "posts");
    CHECK(told.tasks[1].waits_for == "a permit");
    CHECK(told.tasks[1].resource == "posts' slots");
    for (std::size_t i = 0; i != 2; ++i) {
        CHECK(told.tasks[i].attempts == 2);
        CHECK(told.tasks[i].written == 180);
        CHECK(told.tasks[i].read == 17);
    }
    CHECK(told.tasks[2].resource.empty()); // who asks does nothing at a source
    CHECK(told.tasks[2].attempts == 0);
    loop.get().root_scope().cancel(cancel_cause::shutdown);
    loop.settle();
}

TEST_CASE("a limit cuts the youngest, and the counts still tell them") {
    test_loop loop;
    roll_call roll({&loop.get()});
    for (int i = 0; i != 100; ++i) {
        loop.start(waits_deep_inside(1h));
    }
    loop.settle();
    const auto asks = [&]() -> task<snapshot> { co_return co_await roll.take(10, 250ms); };
    const snapshot s = loop.run(asks());
    CHECK(s.parts[0].told->tasks.size() == 10);
    CHECK(s.parts[0].told->live() == 101);
    loop.get().root_scope().cancel(cancel_cause::shutdown);
    loop.settle();
}

TEST_CASE("a snapshot of many tasks lets others run between its slices, and who started later is not in it") {
    test_loop loop;
    roll_call roll({&loop.get()});
    for (int i = 0; i != 60'000; ++i) {
        loop.start(waits_deep_inside(1h));
    }
    loop.settle();
    int turns = 0;
    bool done = false;
    const auto runs_between = [&]() -> task<void> {
        while (!done) {
            co_await reschedule();
            if (++turns == 1) {
                loop.get().spawn("later", waits_deep_inside(1h));
            }
        }
    };
    const auto asks = [&]() -> task<std::size_t> {
        const snapshot s = co_await roll.take(1'000'000, 60s);
        done = true;
        CHECK(find(*s.parts[0].told, "later") == nullptr);
        co_return s.parts[0].told->tasks.size();
    };
    loop.start(runs_between());
    const std::size_t seen = loop.run(asks());
    CHECK(seen >= 60'000);
    CHECK(turns > 2);
    loop.get().root_scope().cancel(cancel_cause::shutdown);
    loop.settle();
}

TEST_CASE("who asks while a snapshot is under way shares it") {
    test_loop loop;
    roll_call roll({&loop.get()});
    const auto asks = [&](std::size_t limit) -> task<std::shared_ptr<const loop_record>> {
        co_return (co_await roll.take(limit, 250ms)).parts[0].told;
    };
    const auto body = [&]() -> task<void> {
        const auto [a, b, c] = co_await when_all(asks(100), asks(50), asks(200));
        CHECK(a == b);
        CHECK(a != c);
    };
    loop.run(body());
}

TEST_CASE("invariant 11: the roll answers within its limit, also with a stalled loop, and says which one it is") {
    real_loops loops(2);
    roll_call roll(loops.all());
    std::latch stalled{1};
    std::latch release{1};
    const auto stalls = [&]() -> task<void> {
        stalled.count_down();
        release.wait();
        co_return;
    };
    auto end = loops.start(1, stalls());
    stalled.wait();
    const auto asks = [&]() -> task<snapshot> { co_return co_await roll.take(100, 50ms); };
    // A busy machine may hold up one answer for seconds, but not each.
    snapshot first;
    duration took = duration::max();
    for (int i = 0; i != 5 && took >= 5s; ++i) {
        const auto begin = clock::now();
        first = loops.run(0, asks());
        took = clock::now() - begin;
    }
    CHECK(took < 5s);
    REQUIRE(first.parts.size() == 2);
    CHECK(first.parts[0].told != nullptr);
    CHECK(first.parts[1].told == nullptr);
    CHECK(first.parts[1].loop == "loop-1");
    release.count_down();
    end.get();
    const snapshot second = loops.run(0, [&]() -> task<snapshot> { co_return co_await roll.take(100, 60s); }());
    CHECK(second.parts[1].told != nullptr);
}

TEST_CASE("who is cut while waiting for the roll leaves, and the roll goes on") {
    test_loop loop;
    roll_call roll({&loop.get()});
    const auto asks = [&]() -> task<void> { co_await roll.take(100, 1h); };
    const auto body = [&]() -> task<void> {
        cancel_scope& scope = co_await current_scope();
        scope.home().post([&scope] { scope.cancel(cancel_cause::requested); });
        co_await asks();
    };
    bool cut = false;
    try {
        loop.run(body());
    } catch (const cancelled&) {
        cut = true;
    }
    loop.settle();
    CHECK(cut);
    CHECK_FALSE(loop.get().next_due().has_value());
}

TEST_CASE("who gives up early does not spoil the roll for those who still wait for it") {
    real_loops loops(2);
    roll_call roll(loops.all());
    std::latch stalled{1};
    std::latch release{1};
    const auto stalls = [&]() -> task<void> {
        stalled.count_down();
        release.wait();
        co_return;
    };
    auto end = loops.start(1, stalls());
    stalled.wait();
    const auto asks = [&](duration within, std::latch* then) -> task<bool> {
        const snapshot s = co_await roll.take(100, within);
        if (then != nullptr) {
            then->count_down();
        }
        co_return s.parts[0].told != nullptr&& s.parts[1].told != nullptr;
    };
    const auto both = [&]() -> task<void> {
        const auto [hasty, patient] = co_await when_all(asks(10ms, &release), asks(30s, nullptr));
        if (hasty || !patient) {
            throw std::logic_error("the patient one got what the hasty one left");
        }
    };
    CHECK_NOTHROW(loops.run(0, both()));
    end.get();
}

TEST_CASE("after one asker was cut the next is told by every loop, and anew") {
    test_loop loop;
    roll_call roll({&loop.get()});
    const auto asks = [&]() -> task<snapshot> { co_return co_await roll.take(100, 250ms); };
    cancel_scope* scope = nullptr;
    const auto cut = [&]() -> task<void> {
        scope = &co_await current_scope();
        co_await asks();
    };
    loop.start(cut());
    while (scope == nullptr) {
        REQUIRE(loop.step());
    }
    scope->cancel(cancel_cause::requested);
    const auto begin = loop.now();
    const snapshot s = loop.run(asks());
    REQUIRE(s.parts[0].told != nullptr);
    CHECK(loop.now() == begin);
}

TEST_CASE("a stuck loop that is asked again and again keeps nothing of what the others told") {
    real_loops loops(2);
    roll_call roll(loops.all());
    std::latch stalled{1};
    std::latch release{1};
    const auto stalls = [&]() -> task<void> {
        stalled.count_down();
        release.wait();
        co_return;
    };
    auto end = loops.start(1, stalls());
    stalled.wait();
    std::vector<std::weak_ptr<const loop_record>> told;
    for (int i = 0; i != 5; ++i) {
        const snapshot s = loops.run(0, [&]() -> task<snapshot> { co_return co_await roll.take(100, 5ms); }());
        REQUIRE(s.parts[0].told != nullptr);
        told.emplace_back(s.parts[0].told);
    }
    // The asking task itself may be the last to hold one; the next round trip through its loop ends that.
    loops.run(0, []() -> task<void> { co_return; }());
    CHECK(std::ranges::count_if(told, [](const auto& record) { return !record.expired(); }) <= 1);
    release.count_down();
    end.get();
}
