// tests of handlers/user_page: the fan-out, in virtual time.
#include "handlers/user_page.hpp"

#include "concurrency/deadline.hpp"
#include "handlers/routes.hpp"
#include "tests/handlers/ask.hpp"
#include "tests/handlers/fake_process.hpp"
#include "tests/support/fake_sources.hpp"
#include "tests/support/test_loop.hpp"
#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>

using namespace muster;
using namespace muster::tests;
using namespace std::chrono_literals;
using concurrency::cancel_cause;
using upstream::user_id;

namespace {

// A test's house: fakes below, muster's own routes above. The loop comes last: it goes first and checks that no task is
// left.
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

TEST_CASE("user page: one document from three sources, asked at once") {
    house h;
    h.sources.users.returns(ada, 300ms);
    h.sources.profiles.returns(upstream::profile{user_id{7}, "Engines", "London", "", "en"}, 300ms);
    h.sources.posts.returns({{1, user_id{7}, "Note G", "Bernoulli", 0}}, 300ms);

    const auto answer = h.get("/user/7");
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "application/json");
    CHECK(answer.cache_control == "private");
    const auto document = nlohmann::json::parse(answer.body);
    CHECK(document["user"]["name"] == "Ada");
    CHECK(document["profile"]["bio"] == "Engines");
    CHECK(document["posts"][0]["title"] == "Note G");
    CHECK(h.loop.now() == 300ms); // not 900
    CHECK(h.sources.users.asked_for() == user_id{7});
    CHECK(h.sources.profiles.asked_for() == user_id{7});
    CHECK(h.sources.posts.asked_for() == user_id{7});
    CHECK(h.sources.posts.limit() == 20);
}

TEST_CASE("user page: a user without profile and posts is a user all the same") {
    house h;
    h.sources.users.returns(ada);
    const auto document = nlohmann::json::parse(h.get("/user/%37").body);
    CHECK(document["user"]["id"] == 7);
    CHECK(document["profile"].is_null());
    CHECK(document["posts"] == nlohmann::json::array());
}

TEST_CASE("user page: an id that is none is a bad request, and no source is asked") {
    house h;
    for (const auto* id :
         {"0", "-1", "+1", "%2B1", "007", "abc", "1e3", "9223372036854775808", "1%00", "%31x", "1;2"}) {
        CAPTURE(id);
        const auto answer = h.get(std::string("/user/") + id);
        CHECK(answer.status == 400);
        CHECK(answer.content_type == "application/problem+json");
        CHECK(nlohmann::json::parse(answer.body)["request_id"] == "r-1");
    }
    CHECK(h.get("/user/" + std::string(10'000, '1')).status == 400);
    CHECK(h.get("/user/%25").status == 400);
    CHECK(h.get("/user/").status == 404);
    CHECK(h.sources.users.calls() + h.sources.profiles.calls() + h.sources.posts.calls() == 0);
}

TEST_CASE("user page: an unknown user is not found at once, although posts hang") {
    house h;
    h.sources.users.returns(std::nullopt, 10ms);
    h.sources.profiles.hangs();
    h.sources.posts.hangs();
    CHECK_THROWS_AS(h.get("/user/7"), upstream::not_found);
    CHECK(h.sources.posts.cancelled_by() == cancel_cause::sibling_failed);
    CHECK(h.sources.profiles.cancelled_by() == cancel_cause::sibling_failed);
    CHECK(h.loop.now() == 10ms);
    CHECK(h.sources.live() == 0);
}

TEST_CASE("user page: a failed fetch cancels its siblings") {
    house h;
    h.sources.users.returns(ada);
    h.sources.posts.fails_after(10ms, upstream::source_overloaded("posts", "the queue is full", 1s));
    h.sources.profiles.hangs();
    CHECK_THROWS_AS(h.get("/user/7"), upstream::source_overloaded);
    CHECK(h.sources.profiles.cancelled_by() == cancel_cause::sibling_failed);
    CHECK(h.loop.now() == 10ms); // nobody waited for the hung fetch
    CHECK(h.sources.live() == 0);
}

TEST_CASE("user page: the route's limit ends what hangs") {
    house h;
    h.sources.users.returns(ada);
    h.sources.posts.hangs();
    CHECK_THROWS_AS(h.get("/user/7"), concurrency::deadline_exceeded);
    CHECK(h.sources.posts.cancelled_by() == cancel_cause::deadline_exceeded);
    CHECK(h.loop.now() == 5s);
    CHECK(h.sources.live() == 0);
}
