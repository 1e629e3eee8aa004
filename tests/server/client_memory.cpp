// tests of server/client_memory and server/answer_weight.
#include "server/client_memory.hpp"

#include "server/answer_weight.hpp"

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <thread>
#include <vector>

using muster::server::answer_weight;
using muster::server::client_memory;

TEST_CASE("shares hold up to the limit together, and give back what they held") {
    client_memory memory(100);
    client_memory::share a(memory);
    {
        client_memory::share b(memory);
        CHECK(a.hold(60));
        CHECK(b.hold(40));
        CHECK_FALSE(b.hold(41));
        CHECK(memory.held() == 100);
        CHECK_FALSE(a.hold(61));
        CHECK(a.hold(10)); // less is always granted
        CHECK(b.hold(90));
    }
    CHECK(memory.held() == 10);
}

TEST_CASE("who is alone may hold anything, so that the largest answer can be given") {
    client_memory memory(100);
    client_memory::share a(memory);
    CHECK(a.hold(1000));
    CHECK(a.hold(2000));
    client_memory::share b(memory);
    CHECK_FALSE(b.hold(1));
    CHECK(a.hold(99));
    CHECK(b.hold(1));
    CHECK_FALSE(a.hold(100));
}

TEST_CASE("nothing is lost between threads") {
    client_memory memory(1000);
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
        threads.emplace_back([&memory, i] {
            for (std::size_t n = 0; n != 20'000; ++n) {
                client_memory::share one(memory);
                (void)one.hold(n % 400 + static_cast<std::size_t>(i));
                (void)one.hold(n % 50);
            }
        });
    }
    for (auto& each : threads) {
        each.join();
    }
    CHECK(memory.held() == 0);
}

TEST_CASE("a route weighs what its largest answer of late held, and forgets it over smaller ones") {
    constexpr std::size_t plenty = 1 << 30;
    answer_weight weight;
    CHECK(weight.expected(plenty) == 0);
    weight.saw(answer_weight::light);
    CHECK(weight.expected(plenty) == 0);
    weight.saw(1'000'000);
    CHECK(weight.expected(plenty) == 2'000'000);
    CHECK(weight.expected(1'000'000) == 250'000); // more than a quarter is never asked for
    weight.saw(100);
    CHECK(weight.expected(plenty) > 1'700'000);
    for (int i = 0; i != 60; ++i) {
        weight.saw(100);
    }
    CHECK(weight.expected(plenty) == 0);
}

TEST_CASE("refusals let a route forget with time, however many they are") {
    constexpr std::size_t plenty = 1 << 30;
    answer_weight weight;
    weight.saw(1'000'000);
    auto now = muster::concurrency::time_point{} + std::chrono::hours(1);
    weight.refused(now);
    const auto once = weight.expected(plenty);
    CHECK(once < 2'000'000);
    for (int i = 0; i != 1000; ++i) {
        weight.refused(now + std::chrono::milliseconds(99));
    }
    CHECK(weight.expected(plenty) == once);
    for (int i = 0; i != 50; ++i) {
        weight.refused(now += std::chrono::milliseconds(100));
    }
    CHECK(weight.expected(plenty) == 0);
}
