// tests of server/roll_json: the facts of the text, for programs.
#include "server/roll_json.hpp"

#include "tests/server/roll_snapshot.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>

using muster::server::roll_json;
using muster::tests::sample_snapshot;
using nlohmann::json;

TEST_CASE("the roll in JSON tells what the text tells") {
    const auto roll = json::parse(roll_json(sample_snapshot(), 1000));
    CHECK(roll["totals"] == json{{"requests", 1},
                                 {"request_tasks", 3},
                                 {"background", 1},
                                 {"abandoned", 1},
                                 {"listeners", 1},
                                 {"connections", 2},
                                 {"live_tasks", 7},
                                 {"left_out", 0}});
    CHECK(roll["loops"].size() == 3);
    CHECK(roll["loops"][1] == json{{"name", "loop-1"}, {"answered", false}});
    CHECK(roll["loops"][0]["live_tasks"] == 6);

    REQUIRE(roll["requests"].size() == 1);
    const auto& request = roll["requests"][0];
    CHECK(request["request_id"] == "r-1");
    CHECK(request["method"] == "GET");
    CHECK(request["route"] == "/user/{id}");
    CHECK(request["peer"] == "127.0.0.1:4002");
    CHECK(request["loop"] == "loop-0");
    CHECK(request["age_ms"] == 1200.0);
    CHECK(request["time_left_ms"] == 3800.0);
    CHECK(request["waits_for"] == "children");
    CHECK(request["cause"].is_null());
    CHECK(request["function"] == "show_user");
    CHECK(request["at"] == "handlers/user_page.cpp:31");
    CHECK(request["stack"].size() == 2);
    REQUIRE(request["tasks"].size() == 2);
    CHECK(request["tasks"][0]["name"] == "sqlite_posts::latest");
    CHECK(request["tasks"][0]["resource"] == "posts");
    CHECK(request["tasks"][0]["state"] == "waiting");
    CHECK(request["tasks"][0]["attempts"] == 0);
    CHECK(request["tasks"][1]["state"] == "cancelled");
    CHECK(request["tasks"][1]["cause"] == "sibling_failed");
    CHECK(request["tasks"][1]["cancelled_ms_ago"] == 5.0);

    REQUIRE(roll["abandoned"].size() == 1);
    CHECK(roll["abandoned"][0]["resource"] == "posts");
    CHECK(roll["abandoned"][0]["request_id"] == "r-0");
    CHECK(roll["abandoned"][0]["verdict"] == "leak");
    CHECK(roll["abandoned"][0]["abandoned_ms_ago"] == 2000.0);
    REQUIRE(roll["verdicts"].size() == 1);
    CHECK(roll["verdicts"][0]["lint"] == "abandoned");
    CHECK(roll["background"][0]["name"] == "watch");
    CHECK(roll["listeners"][0]["name"] == "127.0.0.1:8080");
    CHECK(roll["connections"][0]["ref"] == "127.0.0.1:4001");
    CHECK(roll["connections"][0]["name"] == "idle");
}

TEST_CASE("the roll in JSON keeps its limit and says what is left out") {
    const auto roll = json::parse(roll_json(sample_snapshot(), 1));
    CHECK(roll["requests"][0]["tasks"].empty());
    CHECK(roll["connections"].empty());
    CHECK(roll["totals"]["left_out"] == 6);
    CHECK(roll["totals"]["connections"] == 2);
}

TEST_CASE("the roll in JSON counts what is live, however short the snapshot is") {
    auto taken = sample_snapshot();
    auto full = *taken.parts[0].told;
    full.counts.of(muster::concurrency::task_kind::request) = {.roots = 1501, .tasks = 3003};
    taken.parts[0].told = std::make_shared<muster::concurrency::loop_record>(full);
    const auto roll = json::parse(roll_json(taken, 1000));
    CHECK(roll["totals"]["requests"] == 1501);
    CHECK(roll["totals"]["request_tasks"] == 3003);
    CHECK(roll["requests"].size() == 1);
}

TEST_CASE("the roll in JSON is JSON whatever a name holds, one task a line") {
    auto taken = sample_snapshot();
    auto odd = *taken.parts[0].told;
    odd.tasks[3].ref = "a \"b\" \\ \n\x1b \xff c";
    taken.parts[0].told = std::make_shared<muster::concurrency::loop_record>(odd);
    const auto text = roll_json(taken, 1000);
    CHECK(json::parse(text)["requests"][0]["request_id"].get<std::string>().starts_with("a \"b\" \\ \n\x1b "));
    CHECK(std::ranges::count(text, '\n') == 8); // seven tasks and the end
}

TEST_CASE("the roll in JSON tells what a task does at a source, for which it is waiting and not its peer") {
    auto taken = sample_snapshot();
    auto changed = *taken.parts[0].told;
    auto& posts = changed.tasks[4];
    posts.waits_for = "read";
    posts.attempts = 2;
    posts.written = 180;
    posts.read = 17;
    taken.parts[0].told = std::make_shared<muster::concurrency::loop_record>(changed);
    const auto roll = json::parse(roll_json(taken, 1000));
    const auto& told = roll["requests"][0]["tasks"][0];
    CHECK(told["state"] == "waiting");
    CHECK(told["waits_for"] == "read");
    CHECK(told["resource"] == "posts");
    CHECK(told["attempts"] == 2);
    CHECK(told["bytes_written"] == 180);
    CHECK(told["bytes_read"] == 17);
    CHECK(roll["connections"][0]["state"] == "read"); // its peer
}
