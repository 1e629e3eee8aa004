// tests of server/remains: the lines of what is left, whole.
#include "server/remains.hpp"

#include "tests/server/roll_snapshot.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using muster::concurrency::loop_record;
using muster::server::lines_of_remains;
using muster::server::remains;
using muster::tests::sample_snapshot;

TEST_CASE("what is left is named a line each, with its request, its path in the tree, its state and its place") {
    const auto lines = lines_of_remains(sample_snapshot(), remains::all, 100);
    REQUIRE(lines.size() == 7);
    CHECK(lines[0] == "request r-1 from 127.0.0.1:4002: GET /user/{id}: waits for children, in show_user at "
                      "handlers/user_page.cpp:31");
    CHECK(lines[1] == "request r-1 from 127.0.0.1:4002: GET /user/{id} > sqlite_posts::latest: waits for a worker of "
                      "posts, in sqlite_posts::latest at upstream/sqlite_source.cpp:88");
    CHECK(lines[2] ==
          "request r-1 from 127.0.0.1:4002: GET /user/{id} > orphan: about to run, in orphan at upstream/x.cpp:7");
    CHECK(lines[3] == "background: watch: waits for a timer, in watch::run at server/watch.cpp:33");
    CHECK(lines[4].starts_with("listener: "));
    CHECK(lines[5].starts_with(
        "request r-0: abandoned 2.0 s ago after deadline_exceeded: a worker of posts has not ended (awaited at "));
    CHECK(lines[6] == "loop-1 does not answer: it is stuck");
}

TEST_CASE("of many requests the oldest are named, and how many more there are") {
    const auto lines = lines_of_remains(sample_snapshot(), remains::work, 0);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0] == "1 more request");
}

TEST_CASE("a connection in the middle of something is named, one that idles is not") {
    auto taken = sample_snapshot();
    auto zero = std::make_shared<loop_record>(*taken.parts[0].told);
    for (auto& task : zero->tasks) {
        if (task.name == "idle") {
            task.name = "reading";
        }
    }
    taken.parts[0].told = std::move(zero);
    const auto lines = lines_of_remains(taken, remains::work, 100);
    REQUIRE(lines.size() == 6);
    CHECK(lines[4] == "connection 127.0.0.1:4001: reading: waits to read");
}
