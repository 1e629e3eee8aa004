// tests of server/back_within: who waits goes on, whatever becomes of the other.
#include "server/back_within.hpp"

#include <catch2/catch_test_macros.hpp>

#include <pthread.h>

#include <csignal>
#include <future>
#include <memory>

using muster::server::back_within;
using namespace std::chrono_literals;

TEST_CASE("a call that returns is waited for, and hears no signals") {
    const auto deaf = std::make_shared<bool>(false);
    CHECK(back_within(1h, [deaf] {
        sigset_t mask;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        *deaf = ::sigismember(&mask, SIGTERM) == 1;
    }));
    CHECK(*deaf);
}

TEST_CASE("a call that does not return is left behind") {
    const auto go_on = std::make_shared<std::promise<void>>();
    const auto ended = std::make_shared<std::promise<void>>();
    CHECK_FALSE(back_within(1ms, [go_on, ended] {
        go_on->get_future().wait();
        ended->set_value();
    }));
    go_on->set_value();
    ended->get_future().wait();
}
