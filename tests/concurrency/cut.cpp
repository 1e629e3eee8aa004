// Scenarios of the ground floor's own waits, each cut at every step: the middle of a permit, a worker, a shield, a
// join.
#include "tests/support/cut.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/offload.hpp"
#include "concurrency/semaphore.hpp"
#include "concurrency/settle.hpp"
#include "concurrency/shield.hpp"
#include "concurrency/task_group.hpp"
#include "concurrency/when_all.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <stdexcept>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::cut_at_every_step;
using muster::tests::test_loop;

TEST_CASE("permits cut at every step are all back afterwards") {
    std::unique_ptr<semaphore> s;
    const auto holds = [&]() -> task<void> {
        const permit p = co_await s->acquire();
        co_await sleep_for(2ms);
    };
    const int cuts = cut_at_every_step(
        [&](test_loop& loop) -> task<void> {
            s = std::make_unique<semaphore>("s", std::vector{&loop.get()}, 2);
            co_await when_all(holds(), holds(), holds(), holds(), holds());
        },
        [&](test_loop& loop) {
            loop.settle();
            CHECK(s->available() == 2);
            CHECK(s->waiting() == 0);
        });
    CHECK(cuts >= 8);
}

TEST_CASE("work on a worker, cut at every step, is withdrawn, waited for or delivered") {
    std::unique_ptr<worker_pool> pool;
    const auto works = [&]() -> task<int> {
        co_return co_await offload(*pool, [](const stop_flag& stop) { return stop.load() ? 0 : 1; });
    };
    const int cuts = cut_at_every_step(
        [&](test_loop& /*loop*/) -> task<void> {
            pool = std::make_unique<worker_pool>("disk", 1, 8);
            co_await when_all(works(), works(), works());
            co_await works();
        },
        [&](test_loop& loop) {
            loop.run_real([&] { return loop.get().abandoned().empty(); });
            CHECK(pool->queued() == 0);
            CHECK(pool->abandoned() == 0);
            pool.reset(); // joined before its loop goes
        });
    CHECK(cuts >= 3);
}

TEST_CASE("a shield, cut at every step, runs to its end") {
    int began = 0;
    int ended = 0;
    const auto tidies = [&]() -> task<void> {
        ++began;
        co_await sleep_for(3ms);
        co_await sleep_for(3ms);
        ++ended;
    };
    const int cuts = cut_at_every_step([&](test_loop& /*loop*/) -> task<void> {
        co_await sleep_for(1ms);
        co_await shield(20ms, tidies());
        co_await sleep_for(1ms);
    });
    CHECK(cuts >= 4);
    CHECK(began == ended);
    CHECK(began >= 3);
}

TEST_CASE("a group with a limit, nested joins and settled parts, cut at every step") {
    const auto part = [](int ms, bool fails) -> task<int> {
        co_await sleep_for(std::chrono::milliseconds(ms));
        if (fails) {
            throw std::runtime_error("a part failed");
        }
        co_return ms;
    };
    const auto child = [&](int ms) -> task<void> {
        co_await when_all(settled(part(ms, true)), part(ms + 1, false), settled(part(ms, false)));
    };
    const int cuts = cut_at_every_step([&](test_loop& /*loop*/) -> task<void> {
        co_await with_group(2, [&](task_group& group) -> task<void> {
            for (int i = 1; i != 6; ++i) {
                co_await group.spawn("child", child(i));
            }
        });
        bool expired = false;
        try {
            co_await with_timeout(2ms, part(100, false));
        } catch (const deadline_exceeded&) {
            expired = true;
        }
        CHECK(expired);
    });
    CHECK(cuts >= 10);
}
