// tests of server/address_gate: who is counted, with whom, and that every place comes back, whichever thread gives it.
#include "server/address_gate.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using muster::config::parse_ip;
using muster::config::parse_network;
using muster::server::address_gate;
using namespace std::chrono_literals;

namespace {

muster::config::trusted_peers trusting(const std::string& network) {
    return {.networks = {parse_network(network).value()}};
}

/// Places that stay.
class holder {
  public:
    explicit holder(address_gate& gate) : gate_(gate) {}

    bool enter(const std::string& address) {
        const auto parsed = parse_ip(address);
        REQUIRE(parsed);
        auto place = gate_.enter(parsed);
        if (!place) {
            return false;
        }
        places_.push_back(std::move(*place));
        return true;
    }

    void leave() { places_.clear(); }

  private:
    address_gate& gate_;
    std::vector<address_gate::place> places_;
};

} // namespace

TEST_CASE("an address has its places and not one more, and others have theirs") {
    address_gate gate(2, {});
    holder first(gate);
    CHECK(first.enter("192.0.2.1"));
    CHECK(first.enter("192.0.2.1"));
    CHECK_FALSE(first.enter("192.0.2.1"));
    holder second(gate);
    CHECK(second.enter("192.0.2.2"));
    CHECK(gate.addresses() == 2);
    first.leave();
    CHECK(gate.addresses() == 1); // nothing is kept of who has gone
    CHECK(first.enter("192.0.2.1"));
}

TEST_CASE("the addresses of one IPv6 /64 are one client, and an IPv4 address is one in either form") {
    address_gate gate(1, {});
    holder held(gate);
    CHECK(held.enter("2001:db8:0:1::1"));
    CHECK_FALSE(held.enter("2001:db8:0:1:ffff::2"));
    CHECK(held.enter("2001:db8:0:2::1"));
    CHECK(held.enter("192.0.2.1"));
    CHECK_FALSE(held.enter("::ffff:192.0.2.1"));
    CHECK(held.enter("::ffff:192.0.2.2"));
    CHECK_FALSE(held.enter("192.0.2.2"));
    CHECK(held.enter("::")); // all IPv4 addresses lie in this /64 of IPv6, and are not it
    CHECK(held.enter("192.0.2.3"));
}

TEST_CASE("loopback, Unix sockets and trusted proxies are not counted") {
    address_gate gate(1, trusting("198.51.100.0/24"));
    holder held(gate);
    std::vector<address_gate::place> local;
    for (int i = 0; i != 3; ++i) {
        CHECK(held.enter("127.0.0.1"));
        CHECK(held.enter("127.8.0.1"));
        CHECK(held.enter("::ffff:127.0.0.1"));
        CHECK(held.enter("::1"));
        CHECK(held.enter("198.51.100.7"));
        CHECK(held.enter("::ffff:198.51.100.7"));
        auto place = gate.enter(std::nullopt);
        REQUIRE(place);
        local.push_back(std::move(*place));
    }
    CHECK(gate.addresses() == 0);
    CHECK(held.enter("198.51.101.7"));
    CHECK_FALSE(held.enter("198.51.101.7"));
}

TEST_CASE("a limit of 0 is none") {
    address_gate gate(0, {});
    holder held(gate);
    for (int i = 0; i != 1000; ++i) {
        CHECK(held.enter("192.0.2.1"));
    }
    CHECK(gate.addresses() == 0);
}

TEST_CASE("a place that has moved is given back once") {
    address_gate gate(1, {});
    {
        auto place = gate.enter(parse_ip("192.0.2.1"));
        REQUIRE(place);
        const auto moved = std::move(*place);
        place.reset();
        CHECK(gate.addresses() == 1);
        CHECK_FALSE(gate.enter(parse_ip("192.0.2.1")));
    }
    CHECK(gate.addresses() == 0);
}

TEST_CASE("threads that come and go never find more places than there are, and leave nothing") {
    constexpr std::size_t limit = 3;
    constexpr unsigned threads = 4;
    address_gate gate(limit, {});
    std::vector<std::atomic<std::size_t>> inside(40);
    std::atomic<bool> too_many{false};
    std::vector<std::thread> all;
    for (unsigned t = 0; t != threads; ++t) {
        all.emplace_back([&, t] {
            for (unsigned i = 0; i != 20'000; ++i) {
                const auto which = (i * 7 + t) % 2 == 0 ? 0 : i % inside.size(); // all of them at one, some elsewhere
                const auto address = parse_ip("192.0.2." + std::to_string(which));
                auto one = gate.enter(address);
                auto two = gate.enter(address);
                const std::size_t mine = (one ? 1U : 0U) + (two ? 1U : 0U);
                if (inside[which].fetch_add(mine) + mine > limit) {
                    too_many = true;
                }
                if (i % 16 == 0) {
                    std::this_thread::yield();
                }
                inside[which].fetch_sub(mine);
            }
        });
    }
    for (auto& each : all) {
        each.join();
    }
    CHECK_FALSE(too_many);
    CHECK(gate.addresses() == 0);
    auto place = gate.enter(parse_ip("192.0.2.0"));
    CHECK(place);
}

TEST_CASE("a refusal is told once a minute, by whichever thread comes first") {
    address_gate gate(1, {});
    const muster::concurrency::time_point begin{};
    std::atomic<int> told{0};
    std::vector<std::thread> loops;
    for (int i = 0; i != 4; ++i) {
        loops.emplace_back([&] {
            for (int again = 0; again != 1000; ++again) {
                told += gate.to_be_told(begin) ? 1 : 0;
            }
        });
    }
    for (auto& each : loops) {
        each.join();
    }
    CHECK(told == 1);
    CHECK_FALSE(gate.to_be_told(begin + 59s));
    CHECK(gate.to_be_told(begin + 60s));
    CHECK_FALSE(gate.to_be_told(begin + 61s));
}
