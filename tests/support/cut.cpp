// tests/support: see cut.hpp.
#include "tests/support/cut.hpp"

#include "concurrency/cancel.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

namespace muster::tests {

namespace {

/// A step that also waits for workers and sockets, which the virtual loop cannot see coming: long, since a worker may
/// be kept from its core for seconds.
bool step_or_wait(test_loop& loop) {
    return loop.step() || loop.get().context().run_one_for(std::chrono::seconds(60)) != 0;
}

} // namespace

int cut_at_every_step(const std::function<concurrency::task<void>(test_loop&)>& scenario,
                      const std::function<void(test_loop&)>& after) {
    for (int k = 0;; ++k) {
        if (k == 10'000) {
            throw std::logic_error("a scenario of 10,000 steps has no end");
        }
        test_loop loop;
        bool ended = false;
        bool was_cut = false;
        const auto watched = [&]() -> concurrency::task<void> {
            try {
                co_await scenario(loop);
            } catch (const concurrency::cancelled& c) {
                CHECK(c.cause() == concurrency::cancel_cause::requested);
                was_cut = true;
            }
            ended = true;
        };
        loop.start(watched());
        while (loop.get().live_tasks() == 0) {
            REQUIRE(loop.step());
        }
        for (int i = 0; i != k && !ended; ++i) {
            REQUIRE(step_or_wait(loop));
        }
        const bool done_before = ended;
        loop.get().root_scope().cancel(concurrency::cancel_cause::requested);
        while (!ended) {
            REQUIRE(step_or_wait(loop));
        }
        loop.settle();
        if (after) {
            after(loop);
        }
        if (done_before) {
            CHECK_FALSE(was_cut);
            return k;
        }
    }
}

} // namespace muster::tests
