// tests of server/dispatch: through a connection, as it is used.
#include "server/dispatch.hpp"

#include "server/admin_token.hpp"
#include "tests/server/served.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace std::chrono_literals;
using muster::server::door;
using muster::tests::has;
using muster::tests::served;
using muster::tests::status_of;

namespace {

std::string get(std::string_view target, std::string_view fields = "", std::string_view method = "GET") {
    return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) +
           "\r\n";
}

nlohmann::json document_of(const std::string& answer) {
    return nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
}

} // namespace

TEST_CASE("the router's word is the answer") {
    served s;
    CHECK(status_of(s.talk(get("/hello?x=y"))) == 200);
    CHECK(status_of(s.talk(get("/nowhere"))) == 404);
    CHECK(status_of(s.talk(get("/hello", "", "DELETE"))) == 405);
    CHECK(has(s.talk(get("/hello", "", "DELETE")), "Allow: GET, HEAD, OPTIONS\r\n"));
    CHECK(status_of(s.talk(get("/hello", "", "OPTIONS"))) == 204);
    CHECK(status_of(s.talk(get("*", "", "OPTIONS"))) == 204);
    CHECK(status_of(s.talk(get("*"))) == 400);
    CHECK(status_of(s.talk(get("/%zz"))) == 400);
    CHECK(status_of(s.talk(get("/hello", "", "BREW"))) == 501);
    CHECK(status_of(s.talk(get("localhost:80", "", "CONNECT"))) == 501);
    CHECK(status_of(s.talk(get("/hello", "", "get"))) == 501);
}

TEST_CASE("a target in absolute form names its path") {
    served s;
    CHECK(status_of(s.talk(get("http://localhost:8080/hello"))) == 200);
    CHECK(status_of(s.talk(get("http://localhost:8080/nowhere"))) == 404);
    CHECK(status_of(s.talk(get("http://local host/hello"))) == 400);
    CHECK(status_of(s.talk(get("http://[::1/hello"))) == 400);
    CHECK(status_of(s.talk(get("ftp://localhost/hello"))) == 400);
    CHECK(status_of(s.talk(get("https://localhost/hello"))) == 421); // there is no TLS
    CHECK(status_of(s.talk(get("http://me@localhost/hello"))) == 400);
    CHECK(status_of(s.talk(get("http://[::1]:8080?x"))) == 404);
    CHECK(status_of(s.talk(get("http://[::1.2.3]/hello"))) == 400);
    // The target's authority wins, but a Host must be there, and be one (RFC 9112, section 3.2).
    CHECK(status_of(s.talk("GET http://localhost/hello HTTP/1.1\r\nHost: other.example\r\n\r\n")) == 200);
    CHECK(status_of(s.talk("GET http://localhost/hello HTTP/1.1\r\n\r\n")) == 400);
    CHECK(status_of(s.talk("GET http://localhost/hello HTTP/1.1\r\nHost: a b\r\n\r\n")) == 400);
}

TEST_CASE("a path is taken as it is: what is no route's path by its segments is not there") {
    served s;
    for (const auto* path : {"/./hello", "/x/../hello", "/hello/", "//hello", "/hello/.", "/hello;x", "/%2e/hello",
                             "/x/%2E%2e/hello", "/hello%2F", "/hello%00", "/..%2fhello", "/HELLO"}) {
        CAPTURE(path);
        CHECK(status_of(s.talk(get(path))) == 404);
    }
    CHECK(status_of(s.talk(get("/%68ello"))) == 200); // the same segment (RFC 3986, section 6.2.2.2)
    CHECK(status_of(s.talk(get("/hello?%zz"))) == 400);
}

TEST_CASE("every answer says that it is not to be guessed at, and how long it may be kept") {
    served s;
    for (const auto& request :
         {get("/hello"), get("/nowhere"), get("/hello", "", "OPTIONS"), get("*", "", "OPTIONS"),
          get("/hello", "", "DELETE"), get("/hello", "", "BREW"), std::string("rubbish\r\n\r\n")}) {
        const auto got = s.talk(request);
        CHECK(has(got, "X-Content-Type-Options: nosniff\r\n"));
        CHECK(has(got, "Cache-Control: "));
        CHECK(has(got, "Date: "));
    }
}

TEST_CASE("conditions are met or not, though nothing here has a tag") {
    served s;
    CHECK(status_of(s.talk(get("/hello", "If-Match: \"x\"\r\n"))) == 412);
    const auto not_modified = s.talk(get("/hello", "If-None-Match: *\r\n"));
    CHECK(status_of(not_modified) == 304);
    CHECK_FALSE(has(not_modified, "Content-Length"));
    CHECK(status_of(s.talk(get("/nowhere", "If-None-Match: *\r\n"))) == 404);
}

TEST_CASE("a request has an id: the client's, if it can be") {
    served s;
    CHECK(has(s.talk(get("/hello", "X-Request-Id: mine-1\r\n")), "X-Request-Id: mine-1\r\n"));
    CHECK_FALSE(has(s.talk(get("/hello", "X-Request-Id: not mine\r\n")), "not mine"));
    const auto got = s.talk(get("/nowhere", "X-Request-Id: mine-2\r\n"));
    CHECK(document_of(got)["request_id"] == "mine-2");
    CHECK(has(got, "X-Request-Id: mine-2\r\n"));
}

TEST_CASE("a route's time limit is a 504 that says who was waited for, and the connection goes on") {
    served s;
    s.connect();
    s.send(get("/hang"));
    s.pass(4999ms);
    s.pass(2ms);
    const auto got = s.answers();
    CHECK(status_of(got) == 504);
    const auto body = document_of(got);
    CHECK(body["budget_ms"] == 5000);
    CHECK(body["cause"] == "deadline_exceeded");
    REQUIRE(body["waiting"].size() == 1);
    CHECK(body["waiting"][0]["state"] == "waiting for a timer");
    CHECK(body["waiting"][0]["elapsed_ms"] >= 5000);
    CHECK(std::string(body["waiting"][0]["at"]).starts_with("tests/server/served.cpp:"));
    s.send(get("/hello"));
    CHECK(status_of(s.answers()) == 200);
}

TEST_CASE("a handler that throws is a 500 that says nothing, and a log that says all") {
    served s;
    const auto got = s.talk(get("/throw", "X-Request-Id: find-me\r\n") + get("/hello"));
    CHECK(status_of(got) == 500);
    CHECK_FALSE(has(got, "secret"));
    CHECK(has(got, "HTTP/1.1 200 OK")); // the connection goes on
    CHECK(has(s.log(), "a secret"));
    CHECK(has(s.log(), "find-me"));
}

TEST_CASE("debug routes are refused by the rules of their listener") {
    served open({}, {.which = door::kind::public_, .loopback = true, .address = "127.0.0.1:8080"});
    CHECK(status_of(open.talk(get("/debug/tasks"))) == 200);
    CHECK(status_of(open.talk(get("/debug/tasks", "Via: 1.1 x\r\n"))) == 403);
    CHECK(status_of(open.talk(get("/debug/tasks", "Via: 1.1 x\r\n", "OPTIONS"))) == 403);
    CHECK(status_of(open.talk("GET /debug/tasks HTTP/1.0\r\n\r\n")) == 403);
    CHECK(status_of(open.talk(get("http://evil.example/debug/tasks"))) == 403);
    CHECK(status_of(open.talk(get("/hello", "Via: 1.1 x\r\n"))) == 200);

    served admin({}, {.which = door::kind::admin, .loopback = true, .address = "127.0.0.1:9090"});
    CHECK(status_of(admin.talk(get("/debug/tasks", "Via: 1.1 x\r\n"))) == 200);
    CHECK(status_of(admin.talk(get("/debug/tasks", "Sec-Fetch-Site: cross-site\r\n"))) == 403);
}

TEST_CASE("with a token the debug routes ask for it, after the rules and before the router's word") {
    const auto token = muster::server::admin_token::parse("sesame");
    const std::string brought = "Authorization: Bearer sesame\r\n";
    for (const auto which : {door::kind::public_, door::kind::admin}) {
        served s({}, {.which = which, .loopback = true, .address = "127.0.0.1:1", .token = &*token});
        const auto refused = s.talk(get("/debug/tasks"));
        CHECK(status_of(refused) == 401);
        CHECK(has(refused, "WWW-Authenticate: Basic realm=\"muster admin\"\r\n"));
        CHECK(document_of(refused)["status"] == 401);
        CHECK(status_of(s.talk(get("/debug/tasks?token=sesame&access_token=sesame"))) == 401);
        CHECK(status_of(s.talk(get("/debug/tasks", "Authorization: Bearer sesam\r\n"))) == 401);
        CHECK(status_of(s.talk(get("/debug/tasks", "", "DELETE"))) == 401);
        CHECK(status_of(s.talk(get("/debug/tasks", "", "OPTIONS"))) == 401);
        CHECK(status_of(s.talk(get("/debug/tasks", "Sec-Fetch-Site: cross-site\r\n"))) == 403);
        CHECK(status_of(s.talk(get("/debug/tasks", "Sec-Fetch-Site: cross-site\r\n" + brought))) == 403);
        CHECK(status_of(s.talk(get("/debug/tasks", brought))) == 200);
        CHECK(status_of(s.talk(get("/debug/tasks", "Authorization: Basic bWU6c2VzYW1l\r\n"))) == 200);
        CHECK(status_of(s.talk(get("/debug/tasks", brought, "DELETE"))) == 405);
        CHECK(status_of(s.talk(get("/hello"))) == 200);
        CHECK(status_of(s.talk(get("/nowhere"))) == (which == door::kind::admin ? 401 : 404));
        CHECK(status_of(s.talk(get("/nowhere", brought))) == 404);
        CHECK_FALSE(has(s.log(), "sesame"));
    }
}
