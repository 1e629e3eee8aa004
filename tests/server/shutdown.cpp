// tests of server/shutdown: its words. What it does is seen of the whole (tests/e2e).
#include "server/shutdown.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>

using muster::server::name_of_signal;
using muster::server::sentence_of_drain;
using namespace std::chrono_literals;

TEST_CASE("the log says who has how long to finish") {
    CHECK(sentence_of_drain(0, 6s) == "0 connections have 6 s to finish");
    CHECK(sentence_of_drain(1, 500ms) == "1 connection has 0.5 s to finish");
    CHECK(sentence_of_drain(2, 61'250ms) == "2 connections have 61.25 s to finish");
}

TEST_CASE("a signal is called by its name") {
    CHECK(name_of_signal(SIGTERM) == "SIGTERM");
    CHECK(name_of_signal(SIGINT) == "SIGINT");
    CHECK(name_of_signal(SIGHUP) == "SIGHUP");
    CHECK(name_of_signal(SIGUSR1) == "signal " + std::to_string(SIGUSR1));
}
