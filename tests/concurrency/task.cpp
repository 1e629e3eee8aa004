// tests of concurrency/task.hpp: calls, values, errors, the async stack.
#include "concurrency/task.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/operation.hpp"
#include "concurrency/registry.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <stdexcept>
#include <string>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

task<int> answer() {
    co_return 42;
}

task<int> add(int a, int b) {
    co_await sleep_for(1ms);
    co_return a + b;
}

task<std::unique_ptr<int>> boxed() {
    co_return std::make_unique<int>(co_await answer());
}

task<int> fails() {
    co_await sleep_for(1ms);
    throw std::runtime_error("no luck");
}

task<int> sums_up(int n) {
    int sum = 0;
    for (int i = 0; i != n; ++i) {
        sum += co_await answer() - 41;
    }
    co_return sum;
}

} // namespace

TEST_CASE("a task yields its value to whoever awaits it") {
    test_loop loop;
    CHECK(loop.run(answer()) == 42);
    CHECK(*loop.run(boxed()) == 42);
    CHECK(loop.run(add(2, 3)) == 5);
    CHECK(loop.now() == 1ms);
}

TEST_CASE("a task's exception climbs through its callers untouched") {
    test_loop loop;
    const auto outer = []() -> task<int> { co_return co_await fails() + 1; };
    CHECK_THROWS_AS(loop.run(outer()), std::runtime_error);
}

TEST_CASE("a million tasks that end at once leave the stack as it was") {
    test_loop loop;
    CHECK(loop.run(sums_up(1'000'000)) == 1'000'000);
}

TEST_CASE("a task that is never started is destroyed with its arguments") {
    test_loop loop;
    auto watched = std::make_shared<int>(1);
    {
        const auto keeps = [](std::shared_ptr<int> p) -> task<int> { co_return *p; };
        const auto unused = keeps(watched);
        CHECK(watched.use_count() == 2);
    }
    CHECK(watched.use_count() == 1);
}

TEST_CASE("structured bindings of an awaited tuple live until the end of their block") {
    test_loop loop;
    auto watched = std::make_shared<int>(7);
    const auto give = [](std::shared_ptr<int> p) -> task<std::shared_ptr<int>> { co_return p; };
    const auto body = [&]() -> task<void> {
        {
            const auto [a, b] = co_await when_all(give(watched), give(watched));
            CHECK(a.use_count() == 3);
            CHECK(*b == 7);
        }
        CHECK(watched.use_count() == 1);
    };
    loop.run(body());
}

TEST_CASE("any Asio operation can be awaited without a token") {
    test_loop loop;
    const auto body = [](test_loop& l) -> task<int> {
        co_await boost::asio::post(l.get().get_executor(), boost::asio::deferred);
        co_await reschedule();
        co_return 1;
    };
    CHECK(loop.run(body(loop)) == 1);
}
