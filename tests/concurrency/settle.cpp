// tests of concurrency/settle.hpp.
#include "concurrency/settle.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

task<int> fails() {
    co_await sleep_for(1ms);
    throw std::runtime_error("no luck");
}

task<int> waits(duration d) {
    co_await sleep_for(d);
    co_return 1;
}

} // namespace

TEST_CASE("a settled failure is a value and leaves the siblings alone") {
    test_loop loop;
    const auto body = []() -> task<void> {
        const auto [part, other] = co_await when_all(settled(fails()), waits(5ms));
        CHECK_FALSE(part.has_value());
        CHECK_THROWS_AS(std::rethrow_exception(part.error()), std::runtime_error);
        CHECK(other == 1);
    };
    loop.run(body());
    CHECK(loop.now() == 5ms);
}

TEST_CASE("a settled success is its value") {
    test_loop loop;
    const auto body = []() -> task<void> {
        const auto part = co_await settled(waits(1ms));
        CHECK(part.value() == 1);
        const auto nothing = []() -> task<void> { co_return; };
        CHECK((co_await settled(nothing())).has_value());
    };
    loop.run(body());
}

TEST_CASE("settled work that is cut by its own time limit is a value, by the scope around it a cancel") {
    test_loop loop;
    bool cut_outside = false;
    const auto limited = []() -> task<int> { co_return co_await with_timeout(10ms, waits(1h)); };
    const auto inner = [&]() -> task<void> {
        const auto part = co_await settled(limited());
        CHECK_FALSE(part.has_value());
        CHECK_THROWS_AS(std::rethrow_exception(part.error()), deadline_exceeded);
        try {
            co_await settled(waits(1h));
        } catch (const cancelled&) {
            cut_outside = true;
            throw;
        }
    };
    const auto body = [&]() -> task<void> { co_await with_timeout(1s, inner()); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    CHECK(cut_outside);
    CHECK(loop.now() == 1s);
}
