// tests of server/shutdown: its words, and its patience. What else it does is seen of the whole (tests/e2e).
#include "server/shutdown.hpp"

#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <atomic>
#include <latch>
#include <memory>
#include <utility>
#include <vector>

namespace concurrency = muster::concurrency;
namespace server = muster::server;
using concurrency::task;
using muster::server::sentence_of_drain;
using namespace std::chrono_literals;

TEST_CASE("the log says who has how long to finish") {
    CHECK(sentence_of_drain(0, 6s) == "0 connections have 6 s to finish");
    CHECK(sentence_of_drain(1, 500ms) == "1 connection has 0.5 s to finish");
    CHECK(sentence_of_drain(2, 61'250ms) == "2 connections have 61.25 s to finish");
}

TEST_CASE("a loop held up although nothing is left has the whole grace period, and then its end is a clean one") {
    muster::tests::test_loop admin;
    concurrency::loop_pool pool(1);
    concurrency::roll_call roll(pool.loops());
    concurrency::background behind(admin.get(), [](const auto&) {});
    server::connection_gate gate(1);
    std::vector<server::socket_file> files;
    server::socket_file admin_file;
    std::atomic<bool> draining{false};
    spdlog::logger log("test", std::make_shared<spdlog::sinks::null_sink_mt>());
    std::latch stalled{1};
    std::latch release{1};
    bool ended = false;
    const auto stops = [&]() -> task<void> {
        co_await server::shut_down({.pool = pool,
                                    .admin = admin.get(),
                                    .services = {},
                                    .admin_service = nullptr,
                                    .roll = roll,
                                    .gate = gate,
                                    .refused = gate,
                                    .admin_gate = gate,
                                    .files = files,
                                    .admin_file = admin_file,
                                    .draining = draining,
                                    .delay = 0ms,
                                    .drain = 30s,
                                    .background = behind,
                                    .log = log});
        ended = true;
    };
    admin.start(stops());
    admin.settle();
    pool[0].post([&] { // behind the look that finds nothing left
        stalled.count_down();
        release.wait();
    });
    pool.start();
    stalled.wait();
    admin.advance(5s); // this process would have ended with exit_not_ended
    CHECK(draining);
    CHECK_FALSE(ended);
    release.count_down();
    while (!ended) {
        admin.advance(5ms);
        bool waited = false; // some real time for the other thread, for each bit of the virtual one
        admin.run_real([&] { return ended || std::exchange(waited, true); });
    }
    pool.join();
}
