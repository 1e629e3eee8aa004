// tests of server/waiting_tasks: what a cancelled scope was waiting for.
#include "server/waiting_tasks.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace std::chrono_literals;
using namespace muster::concurrency;
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
    CHECK(left.state == "waiting for a timer");
    CHECK(left.elapsed == 50ms);
    CHECK(left.at.starts_with("tests/server/waiting_tasks.cpp:"));
}

TEST_CASE("work that ends in time was waiting for nothing") {
    test_loop loop;
    waiting_tasks seen;
    const auto work = [](waiting_tasks& observer) -> task<void> { co_await with_timeout(50ms, quick(), &observer); };
    loop.run(work(seen));
    CHECK(seen.seen().empty());
}
