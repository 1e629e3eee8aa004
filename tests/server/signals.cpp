// tests of server/signals: what the start hears. What ends a process is seen of the whole (tests/e2e/drain.py).
#include "server/signals.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <string>
#include <thread>

using muster::server::name_of_signal;
using muster::server::start_signals;
using namespace std::chrono_literals;

namespace {

/// As it was before, for the other tests of this executable.
struct kept_mask {
    sigset_t before{};

    kept_mask() { ::pthread_sigmask(SIG_SETMASK, nullptr, &before); }

    kept_mask(const kept_mask&) = delete;
    kept_mask& operator=(const kept_mask&) = delete;

    ~kept_mask() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
};

} // namespace

TEST_CASE("a signal during the start raises a flag and is handed over") {
    const kept_mask kept;
    start_signals signals(1min); // else it ends the process if we are held up before we hand over
    CHECK_FALSE(signals.stop());
    ::kill(::getpid(), SIGTERM);
    const auto limit = std::chrono::steady_clock::now() + 1min;
    while (!signals.stop() && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();
    }
    CHECK(signals.stop());
    CHECK(signals.hand_over() == SIGTERM);
    CHECK(signals.hand_over() == SIGTERM); // once more changes nothing
}

TEST_CASE("a signal after the handing over is held for whoever hears next") {
    const kept_mask kept;
    start_signals signals;
    CHECK(signals.hand_over() == 0);
    ::kill(::getpid(), SIGINT);
    CHECK_FALSE(signals.stop());
    sigset_t pending;
    ::sigpending(&pending);
    REQUIRE(::sigismember(&pending, SIGINT) == 1);
    sigset_t all;
    ::sigemptyset(&all);
    ::sigaddset(&all, SIGINT);
    const timespec at_once{};
    CHECK(::sigtimedwait(&all, nullptr, &at_once) == SIGINT);
}

TEST_CASE("a signal is called by its name") {
    CHECK(name_of_signal(SIGTERM) == "SIGTERM");
    CHECK(name_of_signal(SIGINT) == "SIGINT");
    CHECK(name_of_signal(SIGHUP) == "SIGHUP");
    CHECK(name_of_signal(SIGUSR1) == "signal " + std::to_string(SIGUSR1));
}
