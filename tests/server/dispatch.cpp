// tests of server/dispatch: through a connection, as it is used.
#include "server/dispatch.hpp"

#include "concurrency/deadline.hpp"
#include "server/admin_token.hpp"
#include "tests/server/served.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <string>

using namespace std::chrono_literals;
using muster::server::door;
using muster::tests::count_of;
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
    CHECK(body["elapsed_ms"] >= 5000);
    REQUIRE(body["children"].size() == 1);
    CHECK(body["children"][0]["state"] == "waiting");
    CHECK(body["children"][0]["wait"] == "timer");
    CHECK(body["children"][0]["elapsed_ms"] >= 5000);
    CHECK_FALSE(has(got, "served.cpp")); // that is for the log
    CHECK(has(s.log(), "(GET /hang): time limit of 5 s exceeded; GET /hang waits for a timer since 500"));
    CHECK(has(s.log(), " ms, at tests/server/served.cpp:"));
    s.send(get("/hello"));
    CHECK(status_of(s.answers()) == 200);
}

TEST_CASE("a caller's smaller limit is the request's, and the access log tells it") {
    served s;
    s.connect();
    s.send(get("/hang", "X-Request-Timeout-Ms: 300\r\nRequest-Timeout: 2\r\n"));
    s.pass(299ms);
    CHECK(s.hear().empty());
    s.pass(2ms);
    const auto body = document_of(s.answers());
    CHECK(body["cause"] == "deadline_exceeded");
    CHECK(body["budget_ms"] == 300);
    s.send(get("/hang", "X-Request-Timeout-Ms: 6000\r\n"));
    s.pass(4999ms);
    CHECK(s.hear().empty());
    s.pass(2ms);
    CHECK(document_of(s.answers())["budget_ms"] == 5000);
    REQUIRE(s.records.all.size() == 2);
    CHECK(s.records.all[0].budget == 300ms);
    CHECK_FALSE(s.records.all[1].budget);
}

TEST_CASE("a caller without any time left is answered before its work begins, whoever would take it") {
    served s;
    for (const auto* fields : {"X-Request-Timeout-Ms: 0\r\n", "grpc-timeout: 0n\r\n",
                               "grpc-timeout: 999n\r\nGrpc-Timeout: 0S\r\n", "Request-Timeout: 00\r\n"}) {
        const auto got = s.talk(get("/throw", fields));
        CHECK(status_of(got) == 504);
        CHECK(document_of(got)["cause"] == "budget_too_small");
        CHECK(document_of(got)["budget_ms"] == 0);
        CHECK_FALSE(document_of(got).contains("children"));
    }
    CHECK_FALSE(has(s.log(), "a secret"));
    CHECK(s.records.all.back().cause == "budget_too_small");
    CHECK(status_of(s.talk(get("/hello", "X-Envoy-Expected-Rq-Timeout-Ms: 0\r\n"))) == 200); // no limit
    CHECK(status_of(s.talk(get("/nowhere", "X-Request-Timeout-Ms: 0\r\n"))) == 404);
}

TEST_CASE("a limit that is none is passed over, told by its name, and never copied") {
    served s;
    CHECK(status_of(s.talk(get("/hello", "grpc-timeout: my secret\r\nRequest-Timeout: 1\r\n"))) == 200);
    CHECK(s.records.all.back().budget == 1s);
    CHECK(s.records.all.back().ignored == 1U << 2U);
    s.connect();
    s.send(get("/hang", "Connect-Timeout-Ms: my secret\r\nX-Request-Timeout-Ms: 10\r\n"));
    s.pass(11ms);
    CHECK(status_of(s.answers()) == 504);
    CHECK(has(s.log(), "(ignored: Connect-Timeout-Ms)"));
    CHECK_FALSE(has(s.log(), "my secret"));
}

TEST_CASE("the budget runs while a request waits for its turn behind another") {
    served s;
    s.connect();
    s.send(get("/late", "X-Request-Id: first\r\n") +
           get("/hang", "X-Request-Id: second\r\nX-Request-Timeout-Ms: 1200\r\n") +
           get("/throw", "X-Request-Id: third\r\nX-Request-Timeout-Ms: 1100\r\n"));
    s.pass(1000ms);
    CHECK(status_of(s.answers()) == 200);
    s.pass(198ms);
    CHECK(s.hear().empty());
    s.pass(3ms);
    const auto got = s.answers(2);
    const auto second = got.find("second");
    const auto third = got.find("third");
    REQUIRE((second != std::string::npos && third != std::string::npos));
    CHECK(has(got, R"("cause":"deadline_exceeded","budget_ms":1200,"elapsed_ms":120)"));
    CHECK(has(got, R"("cause":"budget_too_small","budget_ms":1100,"elapsed_ms":120)")); // over before its turn
    CHECK_FALSE(has(s.log(), "a secret"));
}

TEST_CASE("a route's time begins with a request's turn, so that one behind a hung one is served") {
    served s;
    s.connect();
    s.send(get("/hang") + get("/hello"));
    s.pass(5001ms);
    const auto got = s.answers(2);
    CHECK(count_of(got, "HTTP/1.1 504 ") == 1);
    CHECK(count_of(got, "HTTP/1.1 200 ") == 1);
}

TEST_CASE("a caller's budget runs from the head's end, a route's from the body's, however slowly they come") {
    served s(muster::server::session_settings{}, {}, [] {
        muster::handlers::router routes;
        routes
            .post("/left",
                  [](const muster::handlers::request&) -> muster::concurrency::task<muster::handlers::response> {
                      const auto left = co_await muster::concurrency::time_left();
                      co_return muster::handlers::text(200, std::to_string(left.value() / 1ms));
                  })
            .timeout(5s);
        return routes;
    }());
    s.connect();
    s.send("POST /left HTTP/1.1\r\nHost: a\r\n");
    s.pass(700ms);
    s.send("Content-Length: 3\r\n\r\na");
    s.pass(400ms);
    s.send("bc");
    CHECK(s.answers().ends_with("\r\n\r\n5000"));
    s.send("POST /left HTTP/1.1\r\nHost: a\r\nX-Request-Timeout-Ms: 3000\r\n");
    s.pass(700ms);
    s.send("Content-Length: 3\r\n\r\na");
    s.pass(400ms);
    s.send("bc");
    CHECK(s.answers().ends_with("\r\n\r\n2600"));
}

TEST_CASE("a valid trace stands on the request's task, for whoever it asks") {
    served s(muster::server::session_settings{}, {}, [] {
        muster::handlers::router routes;
        routes
            .get("/trace",
                 [](const muster::handlers::request&) -> muster::concurrency::task<muster::handlers::response> {
                     const auto* const trace = (co_await muster::concurrency::current_task()).trace();
                     co_return muster::handlers::text(
                         200, trace == nullptr ? "none" : std::string(trace->parent) + " " + std::string(trace->state));
                 })
            .timeout(5s);
        return routes;
    }());
    const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    CHECK(s.talk(get("/trace", "traceparent: " + parent + "\r\nTracestate: a=1\r\ntracestate: b=2\r\n"))
              .ends_with("\r\n\r\n" + parent + " a=1,b=2"));
    CHECK(s.talk(get("/trace", "traceparent: " + parent + "x\r\ntracestate: a=1\r\n")).ends_with("\r\n\r\nnone"));
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
