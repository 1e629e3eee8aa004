// tests of server/shutdown: its words. What it does is seen of the whole (tests/e2e).
#include "server/shutdown.hpp"

#include <catch2/catch_test_macros.hpp>

using muster::server::sentence_of_drain;
using namespace std::chrono_literals;

TEST_CASE("the log says who has how long to finish") {
    CHECK(sentence_of_drain(0, 6s) == "0 connections have 6 s to finish");
    CHECK(sentence_of_drain(1, 500ms) == "1 connection has 0.5 s to finish");
    CHECK(sentence_of_drain(2, 61'250ms) == "2 connections have 61.25 s to finish");
}
