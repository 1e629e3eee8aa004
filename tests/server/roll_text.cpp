// tests of server/roll_text (and roll_model below it): the whole page, and what a limit leaves of it.
#include "server/roll_text.hpp"

#include "tests/server/roll_snapshot.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <string_view>

using muster::concurrency::loop_record;
using muster::concurrency::task_kind;
using muster::server::roll_text;
using muster::tests::sample_snapshot;

namespace {

bool has(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("the roll tells totals first, then requests as trees, and everything else in a section of its own") {
    const auto text = roll_text(sample_snapshot(), 1000);
    const auto site = text.substr(text.find("(awaited at ") + 12,
                                  text.find(")\n", text.find("(awaited at ")) - text.find("(awaited at ") - 12);
    CHECK(text ==
          "muster: 1 request in 3 tasks, 1 background task, 1 abandoned operation, 1 listener, 2 connections\n"
          "loops: loop-0 (6 tasks), admin (1 task)\n"
          "loop-1 did not answer in time: it is stuck or overloaded, and its tasks are not counted\n"
          "\n"
          "verdicts (1)\n"
          "  leak: abandoned 2.0 s ago after deadline_exceeded: a worker of posts has not ended (awaited at " +
              site +
              ")\n"
              "\n"
              "requests (1)\n"
              "  GET /user/{id}  request r-1  from 127.0.0.1:4002  loop-0  age 1.200 s  left 3.800 s  waits for "
              "children\n"
              "    at handlers/user_page.cpp:31  show_user\n"
              "    by server/dispatch.cpp:29  limited\n"
              "    ├ sqlite_posts::latest  age 1.200 s  left 3.800 s  waits for a worker of posts\n"
              "    │ at upstream/sqlite_source.cpp:88  sqlite_posts::latest\n"
              "    └ orphan  age 0.100 s  about to run  cancelled 0.005 s ago: sibling_failed\n"
              "      at upstream/x.cpp:7  orphan\n"
              "\n"
              "background (1)\n"
              "  watch  admin  age 100.000 s  waits for a timer\n"
              "    at server/watch.cpp:33  watch::run\n"
              "\n"
              "abandoned (1)\n"
              "  a worker of posts  request r-0  loop-0  age 7.000 s  abandoned 2.000 s ago: deadline_exceeded"
              "  leak\n"
              "    at " +
              site +
              "\n"
              "\n"
              "listeners (1)\n"
              "  127.0.0.1:8080  loop-0  age 100.000 s  waits for i/o\n"
              "    at server/listener.cpp:56  listener::run\n"
              "\n"
              "connections (2)\n"
              "  idle  127.0.0.1:4001  loop-0  age 30.000 s  waits to read\n"
              "  answering  127.0.0.1:4002  loop-0  age 2.000 s  waits for children\n");
}

TEST_CASE("a limit keeps requests first and parents before children, and says what is left out") {
    const auto two = roll_text(sample_snapshot(), 2);
    CHECK(has(two, "muster: 1 request in 3 tasks"));
    CHECK(has(two, "sqlite_posts::latest"));
    CHECK_FALSE(has(two, "orphan"));
    CHECK_FALSE(has(two, "idle"));
    CHECK(has(two, "5 live tasks are left out: the limit is 2"));

    const auto one = roll_text(sample_snapshot(), 1);
    CHECK(has(one, "GET /user/{id}"));
    CHECK_FALSE(has(one, "sqlite_posts::latest"));

    CHECK_FALSE(has(roll_text(sample_snapshot(), 7), "left out"));
}

TEST_CASE("totals are the loops' own, however short the snapshot is, and a heading says how much of it is shown") {
    auto taken = sample_snapshot();
    auto full = *taken.parts[0].told;
    full.counts.started += 3000;
    full.counts.of(task_kind::request) = {.roots = 1501, .tasks = 3003};
    taken.parts[0].told = std::make_shared<loop_record>(full);
    const auto text = roll_text(taken, 1000);
    CHECK(has(text, "muster: 1501 requests in 3003 tasks, 1 background task, 1 abandoned operation, 1 listener, "
                    "2 connections\n"));
    CHECK(has(text, "\nrequests (1 of 1501)\n"));
    CHECK(has(text, "\nbackground (1)\n"));
    CHECK(has(text, "3000 live tasks are left out: the limit is 1000 (?limit= up to 10000)"));
    CHECK(has(roll_text(taken, 1), "\nconnections (0 of 2)\n"));
}

TEST_CASE("an empty roll has every section all the same") {
    const auto text = roll_text({.parts = {{"loop-0", nullptr}}}, 1000);
    for (const auto* section : {"verdicts (0)", "requests (0)", "background (0)", "abandoned (0)", "listeners (0)",
                                "connections (0)", "loops: none answered", "loop-0 did not answer"}) {
        CHECK(has(text, section));
    }
}

TEST_CASE("a task that asks a source is told with it, how often it tried and how far it came") {
    const auto child_with = [](const auto& change) {
        auto taken = sample_snapshot();
        auto changed = *taken.parts[0].told;
        auto& posts = changed.tasks[4];
        REQUIRE(posts.resource == "posts");
        change(posts);
        taken.parts[0].told = std::make_shared<loop_record>(changed);
        const auto text = roll_text(taken, 1000);
        const auto from = text.find("waits", text.find("├")); // the first child
        return text.substr(from, text.find('\n', from) - from);
    };
    CHECK(child_with([](auto& posts) { posts.waits_for = "read"; }) == "waits for read of posts");
    CHECK(child_with([](auto& posts) {
              posts.waits_for = "connect";
              posts.attempts = 1;
          }) == "waits for connect of posts");
    CHECK(child_with([](auto& posts) {
              posts.waits_for = "read";
              posts.attempts = 2;
              posts.written = 180;
          }) == "waits for read of posts, attempt 2, 180 bytes out, 0 in");
}
