// tests of server/log_status: a log's state in words.
#include "server/log_status.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>

using muster::server::last_words_of;
using muster::server::sentence_of;
using namespace std::chrono_literals;

TEST_CASE("how it stands with a log is one sentence, and so are its last words") {
    muster::server::log_status status;
    status.log = "access log";
    status.sink = "a.log";
    status.written = 1'234;
    status.dropped = 17;
    CHECK(sentence_of(status) == "access log to a.log: 1234 written, 17 dropped");
    CHECK(last_words_of(status).empty());
    status.stuck = 3'200ms;
    status.why = "nobody reads it";
    status.waiting = 3;
    status.untold = 17;
    CHECK(sentence_of(status) ==
          "access log to a.log: 1234 written, 17 dropped, 3 waiting, stuck for 3.2 s: nobody reads it");
    CHECK(last_words_of(status) == "access log to a.log: 20 lines are dropped: nobody reads it");
    status.stuck.reset();
    status.not_reopened = "Is a directory";
    CHECK(sentence_of(status) == "access log to a.log: 1234 written, 17 dropped, not opened again: Is a directory");
}
