// tests of server/watch and process_health: time is passed in, so that nobody waits ten seconds.
#include "server/watch.hpp"

#include "server/process_health.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace std::chrono_literals;

using muster::server::process_health;
using muster::server::watch;
using steady = muster::concurrency::clock;

TEST_CASE("a loop that has not run a probe for ten seconds is stuck, and named") {
    muster::tests::test_loop loop;
    watch w({&loop.get()});
    const auto start = steady::now();
    CHECK_FALSE(w.longest_stuck(start)); // never asked

    w.probe(start);
    loop.settle(); // it ran, no later than `ran`
    const auto ran = steady::now();
    CHECK_FALSE(w.longest_stuck(start + 60s)); // none is under way

    for (auto at = 1s; at <= 10s; at += 1s) {
        w.probe(start + at); // nobody runs them
    }
    CHECK_FALSE(w.longest_stuck(start + 9s));
    const auto stuck = w.longest_stuck(ran + 10s);
    REQUIRE(stuck);
    CHECK(stuck->loop == "test");
    CHECK(stuck->since >= 10s);
    CHECK(stuck->since <= ran + 10s - start);

    loop.settle();
    CHECK_FALSE(w.longest_stuck(ran + 12s));
}

TEST_CASE("a watcher that was held up itself accuses nobody") {
    muster::tests::test_loop loop;
    watch w({&loop.get()});
    const auto start = steady::now();
    w.probe(start);
    loop.settle();
    w.probe(start + 60s); // the last was a minute ago, and this one had no time to run
    CHECK_FALSE(w.longest_stuck(start + 60s + 100ms));
    CHECK(w.longest_stuck(start + 61s));
    loop.settle();
}

TEST_CASE("readiness is what the process says of itself, liveness what the watch saw") {
    muster::tests::test_loop loop;
    watch w({&loop.get()});
    std::atomic<bool> draining{false};
    process_health health(w, draining);
    CHECK(health.live().ok);
    CHECK_FALSE(health.ready().ok);
    health.set_started();
    CHECK(health.ready().ok);
    draining = true;
    CHECK_FALSE(health.ready().ok);
    CHECK(health.ready().text == "draining");

    w.probe(steady::now() - 20s);
    const auto live = health.live();
    CHECK_FALSE(live.ok);
    CHECK(live.text.starts_with("test has been stuck for "));
    loop.settle();
    CHECK(health.live().ok);
}
