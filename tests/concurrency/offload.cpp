// tests of concurrency/offload.hpp and worker_pool.hpp: results, refusals, and what is left behind by name.
#include "concurrency/offload.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/leaks.hpp"
#include "concurrency/shield.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

/// A gate that a job waits at, outside every scope: what cannot be interrupted.
struct gate {
    std::latch opened{1};
    std::atomic<int> inside{0};
};

auto waits_at(const std::shared_ptr<gate>& g) {
    return [g] {
        g->inside.fetch_add(1);
        g->opened.wait();
        return 1;
    };
}

task<int> blocked(worker_pool& pool, std::shared_ptr<gate> g) {
    co_return co_await offload(pool, waits_at(g));
}

/// Runs `work`, and lets virtual time pass only once its job is inside the gate. Returns what it threw.
std::exception_ptr run_with_job_inside(test_loop& loop, const gate& g, task<void> work) {
    bool ended = false;
    std::exception_ptr error;
    const auto keeps = [&](task<void> w) -> task<void> {
        try {
            co_await std::move(w);
        } catch (...) {
            error = std::current_exception();
        }
        ended = true;
    };
    loop.start(keeps(std::move(work)));
    loop.run_real([&] { return g.inside.load() == 1; });
    loop.run_until([&] { return ended; });
    return error;
}

} // namespace

TEST_CASE("offload yields the function's value, and throws its exception") {
    test_loop loop;
    worker_pool pool("disk", 2, 4); // joined before the loop goes
    bool done = false;
    const auto body = [&]() -> task<void> {
        CHECK(*(co_await offload(pool, [] { return std::make_unique<int>(5); })) == 5);
        co_await offload(pool, [] {});
        bool thrown = false;
        try {
            co_await offload(pool, [] { throw std::runtime_error("bad sector"); });
        } catch (const std::runtime_error&) {
            thrown = true;
        }
        CHECK(thrown);
        done = true;
    };
    loop.start(body());
    loop.run_real([&] { return done; });
}

TEST_CASE("a job that heeds its stop flag is waited for, and its awaiter sees the cancel") {
    test_loop loop;
    worker_pool pool("disk", 1, 4); // joined before the loop goes
    auto inside = std::make_shared<std::atomic<bool>>(false);
    bool cut = false;
    cancel_scope* scope = nullptr;
    const auto body = [&]() -> task<void> {
        scope = &co_await current_scope();
        try {
            co_await offload(pool, [inside](const stop_flag& stop) {
                inside->store(true);
                while (!stop.load()) {
                    std::this_thread::yield();
                }
                throw std::runtime_error("interrupted");
            });
        } catch (const cancelled& c) {
            cut = c.cause() == cancel_cause::requested;
        }
    };
    loop.start(body());
    loop.run_real([&] { return inside->load(); });
    scope->cancel(cancel_cause::requested);
    loop.run_real([&] { return cut; });
    CHECK(pool.abandoned() == 0);
    CHECK(loop.now() == 0ms);
}

TEST_CASE("a job still queued when its awaiter is cut never runs") {
    test_loop loop;
    worker_pool pool("disk", 1, 4); // joined before the loop goes
    const auto g = std::make_shared<gate>();
    auto ran = std::make_shared<std::atomic<bool>>(false);
    bool first_done = false;
    const auto first = [&]() -> task<void> { first_done = co_await blocked(pool, g) == 1; };
    loop.start(first());
    loop.run_real([&] { return g->inside.load() == 1; });
    const auto second = [&]() -> task<void> {
        const auto queued = [&]() -> task<void> { co_await offload(pool, [ran] { ran->store(true); }); };
        co_await with_timeout(3ms, queued());
    };
    CHECK_THROWS_AS(loop.run(second()), deadline_exceeded);
    CHECK(loop.now() == 3ms); // at once: nothing had to be abandoned
    g->opened.count_down();
    loop.run_real([&] { return first_done; });
    CHECK_FALSE(ran->load());
    CHECK(pool.queued() == 0);
}

TEST_CASE("a job that cannot be interrupted is abandoned by name 25 ms after the cut, and forgotten when it ends") {
    test_loop loop;
    worker_pool pool("posts", 1, 4); // joined before the loop goes
    const auto g = std::make_shared<gate>();
    const auto limited = [&]() -> task<void> {
        const auto inner = [&]() -> task<void> { co_await blocked(pool, g); };
        const auto request = [&]() -> task<void> { co_await with_timeout(5s, inner()); };
        co_await run_task({task_kind::request, "GET /user/{id}", "r-17"}, request());
    };
    CHECK_THROWS_AS(std::rethrow_exception(run_with_job_inside(loop, *g, limited())), deadline_exceeded);
    CHECK(loop.now() == 5s + abandon_after);
    CHECK(loop.get().live_tasks() == 0);
    REQUIRE(loop.get().abandoned().operations().size() == 1);
    {
        const auto& left = loop.get().abandoned().operations().front();
        CHECK(left.resource == "posts");
        CHECK(left.ref == "r-17");
        CHECK(left.cause == cancel_cause::deadline_exceeded);
        CHECK(std::string(left.site.file_name()).ends_with("offload.cpp"));
        const abandoned_lint lint;
        CHECK(lint.judge(left, loop.get().now()) == verdict::suspect);
        CHECK(lint.judge(left, loop.get().now() + 1s) == verdict::suspect);
        CHECK(lint.judge(left, loop.get().now() + 1001ms) == verdict::leak);
        CHECK(
            lint.sentence(left, loop.get().now() + 1200ms)
                .starts_with("abandoned 1.2 s ago after deadline_exceeded: a worker of posts has not ended (awaited at "
                             "tests/concurrency/offload.cpp:"));
    }
    CHECK(pool.abandoned() == 1);
    const auto refused = [&]() -> task<void> { co_await offload(pool, [] {}); };
    CHECK_THROWS_AS(loop.run(refused()), workers_abandoned);
    g->opened.count_down();
    loop.run_real([&] { return loop.get().abandoned().empty(); });
    CHECK(pool.abandoned() == 0);
    bool served = false;
    const auto again = [&]() -> task<void> {
        co_await offload(pool, [] {});
        served = true;
    };
    loop.start(again());
    loop.run_real([&] { return served; });
}

TEST_CASE("an unknown row that cancels a blocked sibling is answered at most 25 ms later") {
    test_loop loop;
    worker_pool pool("posts", 1, 4); // joined before the loop goes
    const auto g = std::make_shared<gate>();
    const auto body = [&]() -> task<void> {
        const auto absent = []() -> task<int> {
            co_await sleep_for(2ms);
            throw std::runtime_error("no such user");
        };
        co_await when_all(absent(), blocked(pool, g));
    };
    CHECK_THROWS_AS(std::rethrow_exception(run_with_job_inside(loop, *g, body())), std::runtime_error);
    CHECK(loop.now() == 2ms + abandon_after);
    g->opened.count_down();
    loop.run_real([&] { return loop.get().abandoned().empty(); });
}

TEST_CASE("a blocked job under a shield is abandoned when the shields' common window closes, not later") {
    test_loop loop;
    worker_pool pool("posts", 1, 4); // joined before the loop goes
    const auto g = std::make_shared<gate>();
    const auto body = [&]() -> task<void> {
        const auto work = [&]() -> task<void> {
            try {
                co_await sleep_for(1h);
            } catch (const cancelled&) {
            }
            co_await shield(10s, blocked(pool, g));
        };
        co_await with_timeout(1s, work());
    };
    bool ended = false;
    const auto watched = [&]() -> task<void> {
        try {
            co_await body();
        } catch (const deadline_exceeded&) {
            ended = true;
        }
    };
    loop.start(watched());
    loop.advance(1s);
    loop.run_real([&] { return g->inside.load() == 1; });
    loop.run_until([&] { return ended; });
    CHECK(loop.now() == 1s + shield_window);
    CHECK(pool.abandoned() == 1);
    g->opened.count_down();
    loop.run_real([&] { return loop.get().abandoned().empty(); });
}

TEST_CASE("a full queue is refused at once, and a withdrawn job makes room") {
    test_loop loop;
    worker_pool pool("disk", 1, 1); // joined before the loop goes
    const auto g = std::make_shared<gate>();
    int done = 0;
    const auto waits = [&]() -> task<void> { done += co_await blocked(pool, g); };
    loop.start(waits());
    loop.run_real([&] { return g->inside.load() == 1; });
    loop.start(waits());
    loop.settle();
    CHECK(pool.queued() == 1);
    const auto third = [&]() -> task<void> { co_await offload(pool, [] {}); };
    CHECK_THROWS_AS(loop.run(third()), worker_queue_full);
    g->opened.count_down();
    loop.run_real([&] { return done == 2; });
}

TEST_CASE("what a job captured is freed by its last owner, wherever that is") {
    auto token = std::make_shared<int>(1);
    {
        test_loop loop;
        worker_pool pool("disk", 1, 4); // joined before the loop goes
        const auto g = std::make_shared<gate>();
        const auto body = [&]() -> task<void> {
            const auto inner = [&]() -> task<void> {
                co_await offload(pool, [g, token] {
                    g->inside.fetch_add(1);
                    g->opened.wait();
                    return token;
                });
            };
            co_await with_timeout(1ms, inner());
        };
        CHECK_THROWS_AS(std::rethrow_exception(run_with_job_inside(loop, *g, body())), deadline_exceeded);
        CHECK(token.use_count() > 1);
        g->opened.count_down();
        loop.run_real([&] { return loop.get().abandoned().empty(); });
    }
    CHECK(token.use_count() == 1);
}

TEST_CASE("a free worker is never taken for a full queue, however soon after its last job it is asked") {
    test_loop loop;
    worker_pool pool("disk", 1, 0);
    int served = 0;
    bool done = false;
    const auto body = [&]() -> task<void> {
        for (int i = 0; i != 2000; ++i) {
            co_await offload(pool, [] {});
            ++served;
        }
        done = true;
    };
    loop.start(body());
    loop.run_real([&] { return done || !loop.errors().empty(); });
    CHECK(served == 2000);
}

TEST_CASE("a pool that goes while jobs are left refuses those queued and waits for those that run") {
    test_loop loop;
    auto pool = std::make_unique<worker_pool>("disk", 2, 4);
    const auto abandoned = std::make_shared<gate>();
    const auto limited = [&]() -> task<void> { co_await with_timeout(1ms, blocked(*pool, abandoned)); };
    CHECK_THROWS_AS(std::rethrow_exception(run_with_job_inside(loop, *abandoned, limited())), deadline_exceeded);
    CHECK(pool->abandoned() == 1);
    const auto awaited = std::make_shared<gate>();
    int value = 0;
    const auto waits = [&]() -> task<void> { value = co_await blocked(*pool, awaited); };
    loop.start(waits());
    loop.run_real([&] { return awaited->inside.load() == 1; });
    bool refused = false;
    const auto queued = [&]() -> task<void> {
        try {
            co_await offload(*pool, [] {});
        } catch (const worker_pool_closed&) {
            refused = true;
        }
    };
    loop.start(queued());
    loop.settle();
    CHECK(pool->queued() == 1);
    std::thread closes([&pool] { pool.reset(); });
    loop.run_real([&] { return refused; });
    abandoned->opened.count_down();
    awaited->opened.count_down();
    closes.join();
    // Their ends arrive although the pool is gone.
    loop.run_real([&] { return value == 1 && loop.get().abandoned().empty(); });
}
