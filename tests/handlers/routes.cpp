// tests of handlers/routes and health: which listener serves what, and with which limits.
#include "handlers/routes.hpp"

#include "tests/handlers/ask.hpp"
#include "tests/handlers/fake_process.hpp"
#include "tests/support/fake_sources.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

using namespace muster;
using namespace muster::handlers;
using namespace std::chrono_literals;
using outcome = resolution::outcome;

namespace {

struct house {
    tests::fake_sources sources;
    tests::fake_health health;
    tests::fake_roll roll;

    router open(const route_settings& settings) const { return make_routes(sources.all(), health, roll, settings); }

    router admin(const route_settings& settings) const { return make_admin_routes(health, roll, settings); }
};

std::chrono::milliseconds limit_of(const router& router, std::string_view path) {
    return router.resolve(method::get, path).matched->options.timeout.value();
}

} // namespace

TEST_CASE("the public listener serves the API and health, debug routes only when told") {
    const house h;
    const auto without = h.open({});
    for (const auto* path :
         {"/user/1", "/api/users/1", "/api/users/1/profile", "/api/users/1/posts", "/livez", "/readyz"}) {
        CAPTURE(path);
        const auto found = without.resolve(method::get, path);
        CHECK(found.kind == outcome::match);
        CHECK(found.access == route_access::open);
        CHECK(without.resolve(method::head, path).kind == outcome::match);
        CHECK(without.resolve(method::post, path).kind == outcome::method_not_allowed);
    }
    CHECK(without.resolve(method::get, "/debug/tasks").kind == outcome::not_found);
    CHECK(without.resolve(method::post, "/debug/tasks").kind == outcome::not_found);

    const auto with = h.open({.timeout = 5s, .timeouts = {}, .debug = true});
    CHECK(with.resolve(method::get, "/debug/tasks").kind == outcome::match);
    CHECK(with.resolve(method::get, "/debug/tasks").access == route_access::debug);
}

TEST_CASE("the admin listener serves health and debug, and no user") {
    const house h;
    const auto admin = h.admin({});
    CHECK(admin.resolve(method::get, "/debug/tasks").access == route_access::debug);
    CHECK(admin.resolve(method::get, "/livez").kind == outcome::match);
    CHECK(admin.resolve(method::get, "/readyz").kind == outcome::match);
    CHECK(admin.resolve(method::get, "/user/1").kind == outcome::not_found);
}

TEST_CASE("every route has the configured limit or its own") {
    const house h;
    const route_settings settings{
        .timeout = 2s, .timeouts = {{"/user/{id}", 250ms}, {"/debug/tasks", 9s}}, .debug = true};
    const auto open = h.open(settings);
    CHECK(limit_of(open, "/user/1") == 250ms);
    CHECK(limit_of(open, "/api/users/1") == 2s);
    CHECK(limit_of(open, "/debug/tasks") == 9s);
    for (const auto& each : std::as_const(open).routes())
        CHECK(each->options.timeout.has_value());
    CHECK(limit_of(h.admin(settings), "/debug/tasks") == 9s);
    CHECK(limit_of(h.admin(settings), "/livez") == 2s);
}

TEST_CASE("a limit of a route that does not exist is told by name, of a hidden debug route it is not") {
    const house h;
    CHECK_THROWS_AS(h.open({.timeout = 1s, .timeouts = {{"/users/{id}", 1s}}}), unknown_route);
    try {
        (void)h.open({.timeout = 1s, .timeouts = {{"/users/{id}", 1s}}});
    } catch (const unknown_route& error) {
        CHECK(error.pattern() == "/users/{id}");
        CHECK(std::string(error.what()) == "no route has the pattern \"/users/{id}\"");
    }
    CHECK_NOTHROW(h.open({.timeout = 1s, .timeouts = {{"/debug/tasks", 1s}}}));
    CHECK_THROWS_AS(h.open({.timeout = 0s}), std::logic_error);
    CHECK_THROWS_AS(h.open({.timeout = 1s, .timeouts = {{"/livez", -1s}}}), std::logic_error);
}

TEST_CASE("health is ok or 503 with its reason in text") {
    house h;
    const auto router = h.open({});
    tests::test_loop loop;
    const auto live = loop.run(tests::ask(router, "GET", "/livez"));
    CHECK(live.status == 200);
    CHECK(live.body == "ok\n");
    CHECK(live.content_type == "text/plain; charset=utf-8");
    CHECK(live.cache_control == "no-store");

    h.health.alive = {false, "loop 2 has been stuck for 12 s"};
    const auto dead = loop.run(tests::ask(router, "GET", "/livez"));
    CHECK(dead.status == 503);
    CHECK(dead.body == "loop 2 has been stuck for 12 s\n");
    CHECK(loop.run(tests::ask(router, "GET", "/readyz")).status == 200);

    h.health.able = {false, "draining"};
    const auto unready = loop.run(tests::ask(router, "HEAD", "/readyz"));
    CHECK(unready.status == 503);
    CHECK(unready.body == "draining\n");
}
