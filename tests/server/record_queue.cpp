// tests of server/record_queue and doorbell: what goes in comes out, what does not fit is counted, nobody waits.
#include "server/record_queue.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

using muster::server::doorbell;
using muster::server::record_queue;
using muster::server::request_record;
using namespace std::chrono_literals;

namespace {

request_record numbered(std::uint64_t n, std::size_t length = 10) {
    request_record record;
    record.began = std::chrono::system_clock::time_point(std::chrono::nanoseconds(n));
    record.request_id = std::to_string(n);
    record.peer = "127.0.0.1:1";
    record.method = "GET";
    record.route = "/user/{id}";
    record.target = "/" + std::string(length, 't');
    record.status = 499;
    record.cause = "client_gone";
    record.took = 5ms;
    record.bytes = n;
    return record;
}

std::shared_ptr<doorbell> silent() {
    return std::make_shared<doorbell>([] {});
}

} // namespace

TEST_CASE("a record comes out of the queue as it went in") {
    record_queue queue(silent());
    queue.add(numbered(7));
    CHECK(queue.waiting() == 1);
    request_record record;
    REQUIRE(queue.take(record));
    CHECK(record.began.time_since_epoch() == 7ns);
    CHECK(record.request_id == "7");
    CHECK(record.peer == "127.0.0.1:1");
    CHECK(record.method == "GET");
    CHECK(record.route == "/user/{id}");
    CHECK(record.target == "/tttttttttt");
    CHECK(record.status == 499);
    CHECK(record.cause == "client_gone");
    CHECK(record.took == 5ms);
    CHECK(record.bytes == 7);
    CHECK_FALSE(record.budget);
    CHECK(record.ignored == 0);
    CHECK_FALSE(queue.take(record));
    CHECK(queue.waiting() == 0);
}

TEST_CASE("the caller's budget comes out of the queue as it went in, none as none") {
    record_queue queue(silent());
    const std::optional<std::chrono::milliseconds> budgets[] = {0ms, 250ms, std::chrono::hours(24 * 365), std::nullopt};
    for (const auto& budget : budgets) {
        auto record = numbered(1);
        record.budget = budget;
        record.ignored = budget ? 0b100100 : 0;
        queue.add(std::move(record));
    }
    request_record record;
    for (const auto& budget : budgets) {
        REQUIRE(queue.take(record));
        CHECK(record.budget == budget);
        CHECK(record.ignored == (budget ? 0b100100 : 0));
        CHECK(record.target == "/tttttttttt");
    }
}

TEST_CASE("what is longer than a record may be is cut before it takes room") {
    record_queue queue(silent());
    auto long_one = numbered(1, 1'000'000);
    long_one.request_id = long_one.peer = long_one.method = std::string(1'000'000, 'x');
    queue.add(std::move(long_one));
    request_record record;
    REQUIRE(queue.take(record));
    CHECK(record.target.size() == request_record::longest_target);
    CHECK(record.request_id.size() == 80);
    CHECK(record.peer.size() == 80);
    CHECK(record.method.size() == 80);
}

TEST_CASE("a full queue drops the newest and counts them; the oldest come out whole") {
    record_queue queue(silent(), 4'096);
    for (std::uint64_t n = 0; n != 100; ++n) {
        queue.add(numbered(n));
    }
    const auto kept = queue.waiting();
    CHECK(kept > 10);
    CHECK(queue.dropped() == 100 - kept);
    request_record record;
    for (std::uint64_t n = 0; n != kept; ++n) {
        REQUIRE(queue.take(record));
        CHECK(record.bytes == n);
    }
    CHECK_FALSE(queue.take(record));
    queue.add(numbered(100));
    CHECK(queue.take(record));
}

TEST_CASE("records of a usual length have room by the thousand") {
    record_queue queue(silent());
    for (std::uint64_t n = 0; n != 5'000; ++n) {
        queue.add(numbered(n, 40));
    }
    CHECK(queue.dropped() == 0);
}

TEST_CASE("a queue between two threads loses, tears and doubles nothing") {
    record_queue queue(silent(), 16'384);
    constexpr std::uint64_t all = 200'000;
    std::thread producer([&queue] {
        for (std::uint64_t n = 0; n != all; ++n) {
            queue.add(numbered(n, n % 300));
        }
    });
    request_record record;
    std::uint64_t taken = 0;
    std::uint64_t last = 0;
    bool right = true;
    while (taken + queue.dropped() != all) {
        if (queue.take(record)) {
            right = right && (taken == 0 || record.bytes > last) && record.target.size() == 1 + record.bytes % 300 &&
                    record.request_id == std::to_string(record.bytes);
            last = record.bytes;
            ++taken;
        }
    }
    producer.join();
    CHECK(right);
    CHECK(taken > 0);
    CHECK(queue.waiting() == 0);
}

TEST_CASE("a bell wakes once, and only who has lain down") {
    int woken = 0;
    doorbell bell([&woken] { ++woken; });
    bell.ring();
    CHECK(woken == 0);
    bell.lie_down();
    bell.ring();
    bell.ring();
    CHECK(woken == 1);
    bell.lie_down();
    bell.get_up();
    bell.ring();
    CHECK(woken == 1);
}
