// tests of handlers/debug_tasks and accept: which form of the roll is sent to whom.
#include "handlers/debug_tasks.hpp"

#include "handlers/accept.hpp"
#include "handlers/routes.hpp"
#include "tests/handlers/ask.hpp"
#include "tests/handlers/fake_process.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <utility>

using namespace muster;
using namespace muster::tests;

namespace {

struct house {
    fake_health health;
    fake_roll roll;
    handlers::router router = handlers::make_admin_routes(health, roll, {});
    test_loop loop;

    handlers::response get(std::string target, std::string_view accept = {}) {
        handlers::header_list headers;
        if (!accept.empty())
            headers.add("Accept", accept);
        return loop.run(ask(router, "GET", std::move(target), std::move(headers)));
    }
};

bool json_for(std::string_view accept) {
    handlers::header_list headers;
    headers.add("accept", accept);
    return handlers::wants_json(handlers::request({.headers = std::move(headers)}));
}

} // namespace

TEST_CASE("the roll is text for people, JSON for who asks for it") {
    house h;
    const auto text = h.get("/debug/tasks", "*/*");
    CHECK(text.status == 200);
    CHECK(text.content_type == "text/plain; charset=utf-8");
    CHECK(text.body == "at most 1000");
    CHECK(text.cache_control == "no-store");
    CHECK(text.headers.find("Vary") == "Accept");
    CHECK(h.get("/debug/tasks").body == "at most 1000");

    const auto json = h.get("/debug/tasks", "application/json");
    CHECK(json.content_type == "application/json");
    CHECK(json.body == R"({"limit":1000})");
}

TEST_CASE("the query's format wins over Accept") {
    house h;
    CHECK(h.get("/debug/tasks?format=json&limit=5", "text/html").body == R"({"limit":5})");
    CHECK(h.get("/debug/tasks?format=text", "application/json").body == "at most 1000");
    CHECK(h.get("/debug/tasks?limit=10000").body == "at most 10000");
}

TEST_CASE("a bad limit or format of the roll is a bad request") {
    house h;
    for (const auto* query : {"limit=0", "limit=10001", "limit=", "limit=x", "format=xml", "format=", "format=JSON"}) {
        CAPTURE(query);
        CHECK(h.get(std::string("/debug/tasks?") + query).status == 400);
    }
    CHECK(h.get("/debug/tasks?limit=10001").body.find("limit must be a number from 1 to 10000") != std::string::npos);
}

TEST_CASE("Accept asks for JSON when it names it and no text") {
    CHECK(json_for("application/json"));
    CHECK(json_for("APPLICATION/JSON ; charset=utf-8"));
    CHECK(json_for("application/json;q=0.5, */*;q=0.1"));
    CHECK(json_for(" image/png , application/json"));
    CHECK(json_for("text/html;q=0, application/json"));
    CHECK(json_for("application/json;q=0.001"));
    CHECK_FALSE(json_for("*/*"));
    CHECK_FALSE(json_for(""));
    CHECK_FALSE(json_for(",;,"));
    CHECK_FALSE(json_for("application/json;q=0"));
    CHECK_FALSE(json_for("application/json; v=1; Q=0.000"));
    CHECK_FALSE(json_for("application/jsonx"));
    CHECK_FALSE(json_for("text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"));
}

TEST_CASE("several Accept lines are one list") {
    handlers::header_list headers;
    headers.add("Accept", "image/png");
    headers.add("Accept", "application/json");
    const handlers::request seen({.headers = std::move(headers)});
    CHECK(handlers::wants_json(seen));
    CHECK_FALSE(handlers::wants_json(handlers::request({})));
}
