// tests of handlers/users_api: the single resources.
#include "handlers/users_api.hpp"

#include "handlers/routes.hpp"
#include "tests/handlers/ask.hpp"
#include "tests/handlers/fake_process.hpp"
#include "tests/support/fake_sources.hpp"
#include "tests/support/test_loop.hpp"
#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>

using namespace muster;
using namespace muster::tests;
using namespace std::chrono_literals;
using upstream::user_id;

namespace {

struct house {
    fake_sources sources;
    fake_health health;
    fake_roll roll;
    handlers::router router = handlers::make_routes(sources.all(), health, roll, {});
    test_loop loop;

    handlers::response get(std::string target) { return loop.run(ask(router, "GET", std::move(target))); }
};

const upstream::user ada{user_id{7}, "Ada", "ada@example.org", 0};

} // namespace

TEST_CASE("users api: a user, a profile, posts, each from its source") {
    house h;
    h.sources.users.returns(ada);
    h.sources.profiles.returns(upstream::profile{user_id{7}, "Engines", "London", "", "en"});
    h.sources.posts.returns({{1, user_id{7}, "Note G", "Bernoulli", 0}});

    const auto user = h.get("/api/users/7");
    CHECK(user.status == 200);
    CHECK(user.cache_control == "private");
    CHECK(nlohmann::json::parse(user.body)["name"] == "Ada");
    CHECK(h.sources.profiles.calls() + h.sources.posts.calls() == 0);

    CHECK(nlohmann::json::parse(h.get("/api/users/7/profile").body)["bio"] == "Engines");
    CHECK(h.sources.users.calls() == 1); // the profile's source alone was asked
    CHECK(nlohmann::json::parse(h.get("/api/users/7/posts").body)[0]["title"] == "Note G");
}

TEST_CASE("users api: what is not there is not found") {
    house h;
    CHECK_THROWS_AS(h.get("/api/users/7"), upstream::not_found);
    CHECK_THROWS_AS(h.get("/api/users/7/profile"), upstream::not_found);
    CHECK_THROWS_WITH(h.get("/api/users/7"), "no such user");
    CHECK_THROWS_WITH(h.get("/api/users/7/profile"), "no such profile");
}

TEST_CASE("users api: a user without posts has an empty list, an unknown user none, at once") {
    house h;
    h.sources.users.returns(ada);
    CHECK(h.get("/api/users/7/posts").body == "[]\n");

    h.sources.users.returns(std::nullopt);
    h.sources.posts.hangs();
    CHECK_THROWS_AS(h.get("/api/users/7/posts"), upstream::not_found);
    CHECK(h.loop.now() == 0ms);
    CHECK(h.sources.live() == 0);
}

TEST_CASE("users api: posts are limited from 1 to 500, 20 unless told") {
    house h;
    h.sources.users.returns(ada);
    CHECK(h.get("/api/users/7/posts").status == 200);
    CHECK(h.sources.posts.limit() == 20);
    CHECK(h.get("/api/users/7/posts?limit=1").status == 200);
    CHECK(h.sources.posts.limit() == 1);
    CHECK(h.get("/api/users/7/posts?limit=%3500").status == 200);
    CHECK(h.sources.posts.limit() == 500);
    const int calls = h.sources.posts.calls();
    for (const auto* limit : {"0", "501", "-1", "+1", "", "x", "1x", "%201", "1e2", "99999999999999999999"}) {
        CAPTURE(limit);
        CHECK(h.get(std::string("/api/users/7/posts?limit=") + limit).status == 400);
    }
    CHECK(h.sources.posts.calls() == calls);
}

TEST_CASE("users api: an id that is none is a bad request everywhere") {
    house h;
    for (const auto* path : {"/api/users/0", "/api/users/007/profile", "/api/users/+1/posts"}) {
        CAPTURE(path);
        CHECK(h.get(path).status == 400);
    }
    CHECK(h.sources.users.calls() + h.sources.profiles.calls() + h.sources.posts.calls() == 0);
}
