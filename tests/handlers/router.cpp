// tests of handlers/router and path_pattern: who is asked, who is refused, what may not be registered.
#include "handlers/router.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace muster::handlers;
using namespace std::chrono_literals;
using outcome = resolution::outcome;

namespace {

handler nobody() {
    return [](const request&) -> muster::concurrency::task<response> { throw std::logic_error("never run here"); };
}

router example() {
    router made;
    made.get("/", nobody());
    made.get("/user/{id}", nobody());
    made.get("/user/me", nobody());
    made.post("/user/{name}", nobody());
    made.get("/a/{x}/c", nobody());
    made.get("/a/b/{y}", nobody());
    made.add(method::delete_, "/files/{a}/{b}/{c}/{d}", nobody());
    return made;
}

std::string matched(const router& router, method verb, std::string_view path) {
    const auto found = router.resolve(verb, path);
    return found.kind == outcome::match ? found.matched->pattern.text() : "none";
}

} // namespace

TEST_CASE("a path's segments are matched and its parameters handed over decoded") {
    const auto router = example();
    const auto found = router.resolve(method::get, "/user/%31%c3%A9");
    REQUIRE(found.kind == outcome::match);
    CHECK(found.matched->pattern.text() == "/user/{id}");
    REQUIRE(found.parameters.find("id"));
    CHECK(*found.parameters.find("id") == "1é");
    CHECK(found.parameters.find("name") == nullptr);
    CHECK(found.parameters.size() == 1);

    const auto four = router.resolve(method::delete_, "/files/1/%32/3/%34");
    REQUIRE(four.kind == outcome::match);
    CHECK(*four.parameters.find("a") == "1");
    CHECK(*four.parameters.find("b") == "2");
    CHECK(*four.parameters.find("c") == "3");
    CHECK(*four.parameters.find("d") == "4");
    CHECK(matched(router, method::get, "/") == "/");
}

TEST_CASE("an encoded slash stays inside its segment, an encoded letter is the letter") {
    const auto router = example();
    const auto found = router.resolve(method::get, "/user/a%2Fb");
    REQUIRE(found.kind == outcome::match);
    CHECK(*found.parameters.find("id") == "a/b");
    CHECK(matched(router, method::get, "/%75ser/1") == "/user/{id}");
    CHECK(matched(router, method::get, "/user/%6De") == "/user/me");
    CHECK(router.resolve(method::get, "%2Fuser/1").kind == outcome::bad_target);
    CHECK(router.resolve(method::get, "/user%2F1").kind == outcome::not_found);
}

TEST_CASE("a literal wins over a parameter, whatever the order of registration") {
    const auto router = example();
    CHECK(matched(router, method::get, "/user/me") == "/user/me");
    CHECK(matched(router, method::get, "/user/mee") == "/user/{id}");
    CHECK(matched(router, method::get, "/a/b/c") == "/a/b/{y}"); // the first segment in which they differ decides
    CHECK(matched(router, method::get, "/a/x/c") == "/a/{x}/c");

    muster::handlers::router other;
    other.get("/a/b/{y}", nobody());
    other.get("/z", nobody());
    other.get("/{p}", nobody());
    other.get("/{p}/{q}/{r}", nobody());
    other.get("/y", nobody());
    other.get("/a/{x}/c", nobody());
    other.get("/a/b/c", nobody());
    CHECK(matched(other, method::get, "/a/b/c") == "/a/b/c");
    CHECK(matched(other, method::get, "/a/b/d") == "/a/b/{y}");
    CHECK(matched(other, method::get, "/a/d/c") == "/a/{x}/c");
    CHECK(matched(other, method::get, "/d/d/d") == "/{p}/{q}/{r}");
    CHECK(matched(other, method::get, "/y") == "/y");
    CHECK(matched(other, method::get, "/x") == "/{p}");
}

TEST_CASE("a literal route of another method does not hide the parameter's") {
    CHECK(matched(example(), method::post, "/user/me") == "/user/{name}");
}

TEST_CASE("no path is normalised") {
    const auto router = example();
    for (const auto* path : {"/user/", "/user/1/", "//user/1", "/user//1", "/user", "/x/../user/1", "/user/1/.", "//",
                             "/User/1", "/user/1/2", "/a//c", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18"}) {
        CAPTURE(path);
        CHECK(router.resolve(method::get, path).kind == outcome::not_found);
    }
    CHECK(matched(router, method::get, "/user/..") == "/user/{id}"); // a segment like others
}

TEST_CASE("a broken percent-encoding is a bad target, on unknown paths too") {
    const auto router = example();
    for (const auto* path : {"/user/%", "/user/%3", "/user/1%zz", "/nothing/%g0", "", "user/1",
                             "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/%"}) {
        CAPTURE(path);
        CHECK(router.resolve(method::get, path).kind == outcome::bad_target);
        CHECK(router.resolve(method::options, path).kind == outcome::bad_target);
    }
}

TEST_CASE("a known path with another method is not allowed, and Allow says what is") {
    const auto router = example();
    const auto refused = router.resolve(method::delete_, "/user/1");
    CHECK(refused.kind == outcome::method_not_allowed);
    CHECK(refused.allow == "GET, HEAD, OPTIONS, POST");
    CHECK(refused.matched == nullptr);
    CHECK(router.resolve(method::other, "/user/1").kind == outcome::method_not_allowed);

    const auto no_get = router.resolve(method::get, "/files/1/2/3/4");
    CHECK(no_get.kind == outcome::method_not_allowed);
    CHECK(no_get.allow == "OPTIONS, DELETE");
    CHECK(router.resolve(method::head, "/files/1/2/3/4").kind == outcome::method_not_allowed);
    CHECK(router.resolve(method::delete_, "/nothing").kind == outcome::not_found);
}

TEST_CASE("HEAD is answered by GET's route, OPTIONS by the router") {
    const auto router = example();
    CHECK(matched(router, method::head, "/user/1") == "/user/{id}");
    const auto options = router.resolve(method::options, "/user/1");
    CHECK(options.kind == outcome::options);
    CHECK(options.allow == "GET, HEAD, OPTIONS, POST");
    CHECK(router.resolve(method::options, "/nothing").kind == outcome::not_found);
}

TEST_CASE("a route carries its limit, cancel policy and access") {
    router made;
    made.get("/plain", nobody());
    made.get("/d", nobody()).timeout(250ms).on_client_gone(client_gone_policy::finish).access(route_access::debug);
    const auto plain = made.resolve(method::get, "/plain");
    REQUIRE(plain.kind == outcome::match);
    CHECK_FALSE(plain.matched->options.timeout);
    CHECK(plain.matched->options.on_client_gone == client_gone_policy::cancel);
    CHECK(plain.access == route_access::open);

    const auto debug = made.resolve(method::get, "/d");
    REQUIRE(debug.kind == outcome::match);
    CHECK(debug.matched->options.timeout == 250ms);
    CHECK(debug.matched->options.on_client_gone == client_gone_policy::finish);
    CHECK(debug.access == route_access::debug);
    CHECK(made.resolve(method::post, "/d").access == route_access::debug);
    CHECK(made.resolve(method::options, "/d").access == route_access::debug);
    CHECK_THROWS_AS(made.get("/e", nobody()).timeout(0ms), std::logic_error);

    made.remove(route_access::debug);
    CHECK(made.resolve(method::get, "/d").kind == outcome::not_found);
    CHECK(made.resolve(method::get, "/plain").kind == outcome::match);
}

TEST_CASE("a time limit is set by pattern, for every method, and an unknown pattern is told") {
    auto router = example();
    CHECK(router.set_timeout("/user/{id}", 1s));
    CHECK(router.resolve(method::get, "/user/1").matched->options.timeout == 1s);
    CHECK_FALSE(router.resolve(method::get, "/user/me").matched->options.timeout);
    CHECK_FALSE(router.set_timeout("/user/{nobody}", 1s));
    CHECK_FALSE(router.set_timeout("/user/1", 1s));
}

TEST_CASE("a moved router keeps its routes where they are") {
    auto router = example();
    const auto* before = router.resolve(method::get, "/user/1").matched;
    const auto moved = std::move(router);
    CHECK(moved.resolve(method::get, "/user/1").matched == before);
}

TEST_CASE("a duplicate, an empty handler and the router's own methods are refused at registration") {
    auto router = example();
    CHECK_THROWS_AS(router.get("/user/{id}", nobody()), std::logic_error);
    CHECK_THROWS_AS(router.get("/user/{other}", nobody()), std::logic_error);
    CHECK_THROWS_AS(router.get("/user/me", nobody()), std::logic_error);
    CHECK_NOTHROW(router.add(method::put, "/user/{other}", nobody()));
    CHECK_THROWS_AS(router.get("/new", handler{}), std::logic_error);
    for (const auto verb : {method::head, method::options, method::other})
        CHECK_THROWS_AS(router.add(verb, "/new", nobody()), std::logic_error);
    CHECK(router.resolve(method::get, "/new").kind == outcome::not_found);
}

TEST_CASE("a malformed pattern is refused at registration") {
    router made;
    for (const auto* pattern :
         {"", "user", "/user/", "//", "/a//b", "/{", "/{}", "/{a", "/a}", "/x{a}", "/{a}x", "/{a b}", "/{a}/{a}",
          "/a%2Fb", "/a?b", "/a#b", "/{{a}}", "/{a}/{b}/{c}/{d}/{e}", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17"}) {
        CAPTURE(pattern);
        CHECK_THROWS_AS(made.get(pattern, nobody()), std::logic_error);
    }
    CHECK_NOTHROW(made.get("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", nobody()));
    CHECK(matched(made, method::get, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16") != "none");
    CHECK(matched(made, method::get, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/%31%36") != "none");
}
