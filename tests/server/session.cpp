// tests of server/session: requests and their answers, byte by byte.
#include "server/session.hpp"

#include "tests/server/served.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace std::chrono_literals;
using muster::tests::count_of;
using muster::tests::get_hello;
using muster::tests::has;
using muster::tests::served;
using muster::tests::status_of;

TEST_CASE("a request is answered with Date, length and id, and the connection goes on") {
    served s;
    s.connect();
    for (int i = 0; i != 3; ++i) {
        s.send(get_hello);
        const auto got = s.answers();
        CHECK(status_of(got) == 200);
        CHECK(has(got, "\r\nDate: "));
        CHECK(has(got, "\r\nContent-Length: 6\r\n"));
        CHECK(has(got, "\r\nX-Request-Id: "));
        CHECK_FALSE(has(got, "Connection:"));
        CHECK(got.ends_with("\r\n\r\nhello\n"));
    }
}

TEST_CASE("requests that come together are answered one after another, in order") {
    served s;
    s.connect();
    s.send("GET /late HTTP/1.1\r\nHost: a\r\nX-Request-Id: n1\r\n\r\n"
           "GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: n2\r\n\r\n"
           "POST /echo HTTP/1.1\r\nHost: a\r\nX-Request-Id: n3\r\nContent-Length: 3\r\n\r\nabc"
           "GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Request-Id: n4\r\n\r\n"
           "GET /hel");
    s.pass(999ms);
    s.pass(1ms);
    s.send("lo HTTP/1.1\r\nHost: a\r\nX-Request-Id: n5\r\n\r\n");
    s.finish();
    const auto got = s.rest();
    CHECK(count_of(got, "HTTP/1.1 ") == 5);
    std::size_t at = 0;
    for (const auto* id : {": n1\r", ": n2\r", ": n3\r", ": n4\r", ": n5\r"}) {
        at = got.find(id, at);
        REQUIRE(at != std::string::npos);
    }
}

TEST_CASE("a request may come in any pieces") {
    served s;
    const std::string both = get_hello + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                         "3\r\nabc\r\n0\r\n\r\n";
    for (std::size_t cut = 1; cut < both.size(); cut += 3) {
        s.connect();
        s.send(both.substr(0, cut));
        s.send(both.substr(cut));
        s.finish();
        const auto got = s.rest();
        CHECK(count_of(got, "HTTP/1.1 200 OK") == 2);
        CHECK(got.ends_with("\r\n\r\nabc"));
    }
}

TEST_CASE("HEAD has the fields of GET and no body, an error too") {
    served s;
    s.connect();
    s.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto good = s.answers();
    CHECK(has(good, "Content-Length: 6\r\n"));
    CHECK(good.ends_with("\r\n\r\n"));
    s.send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto bad = s.answers();
    CHECK(status_of(bad) == 404);
    CHECK(bad.ends_with("\r\n\r\n"));
}

TEST_CASE("who asks for the end gets it, and HTTP/1.0 unless it asks not to") {
    served s;
    CHECK(has(s.talk("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get_hello), "Connection: close"));
    s.connect();
    s.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(count_of(s.rest(), "HTTP/1.1 200") == 1); // without our closing first
    s.connect();
    s.send("GET /hello HTTP/1.0\r\n\r\n");
    CHECK(has(s.rest(), "Connection: close"));
    s.connect();
    s.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(has(s.answers(), "Connection: keep-alive"));
    s.send(get_hello);
    CHECK(status_of(s.answers()) == 200);
}

TEST_CASE("a message that is refused is answered with a problem document, and the connection closed") {
    served s;
    for (const auto& [bytes, status] : {std::pair{"GET / HTTP/1.1\r\n\r\n", 400},
                                        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
                                        {"nonsense\r\n\r\n", 400},
                                        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
                                        {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
                                        {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
                                        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", 413},
                                        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
                                         "chunked\r\n\r\n",
                                         400},
                                        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n", 417}}) {
        const auto got = s.talk(bytes + get_hello);
        CHECK(status_of(got) == status);
        CHECK(count_of(got, "HTTP/1.1 ") == 1); // what follows is not taken for a request
        CHECK(has(got, "Connection: close\r\n"));
        CHECK(has(got, "Content-Type: application/problem+json\r\n"));
        CHECK(has(got, "\"request_id\":\""));
    }
}

TEST_CASE("a refused client that goes on sending still reads its answer") {
    served s;
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
    s.send(std::string(40'000, 'x'));
    CHECK(status_of(s.rest()) == 413);
}

TEST_CASE("a request that ends too early is a 400, a connection that says nothing ends without a word") {
    served s;
    CHECK(status_of(s.talk("GET /hello HT")) == 400);
    CHECK(status_of(s.talk("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")) == 400);
    CHECK(s.talk("").empty());
    CHECK(s.talk("\r\n").empty());
}

TEST_CASE("a line end behind a request begins none: the connection is idle") {
    served s;
    s.connect();
    s.send(get_hello + "\r\n\r"); // the last is cut
    CHECK(status_of(s.answers()) == 200);
    s.pass(30s);
    s.send("\n");
    s.pass(29s);
    CHECK(s.gate.open() == 1);
    s.pass(1s);
    CHECK(s.rest().empty());
}

TEST_CASE("100 Continue is said to who waits for it, and only then") {
    served s;
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    CHECK(s.answers() == "HTTP/1.1 100 Continue\r\n\r\n");
    s.send("abc");
    CHECK(s.answers().ends_with("\r\n\r\nabc"));
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc");
    CHECK(status_of(s.answers()) == 200);
}

TEST_CASE("every request has its record: what was asked, what was answered, how long it took") {
    served s;
    s.connect();
    s.send("GET /late?x=%20 HTTP/1.1\r\nHost: a\r\nX-Request-Id: n1\r\n\r\n");
    s.pass(1s);
    const auto answer = s.answers();
    s.send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n");
    s.rest();
    REQUIRE(s.records.all.size() == 3);
    const auto& first = s.records.all[0];
    CHECK(first.request_id == "n1");
    CHECK(first.peer == "test:1");
    CHECK(first.method == "GET");
    CHECK(first.route == "/late");
    CHECK(first.target == "/late?x=%20");
    CHECK(first.status == 200);
    CHECK(first.cause.empty());
    CHECK(first.took >= 1s);
    CHECK(first.bytes == answer.size());
    CHECK(s.records.all[1].status == 404);
    CHECK(s.records.all[1].route.empty());
    CHECK(s.records.all[2].status == 400);
    CHECK(s.records.all[2].cause == "refused");
    CHECK(s.records.all[2].method.empty()); // nothing is made up
    CHECK(s.records.all[2].target.empty());
}

TEST_CASE("a record keeps a long target up to its limit") {
    served s;
    s.talk("GET /" + std::string(3000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(s.records.all.size() == 1);
    CHECK(s.records.all[0].target.size() == muster::server::request_record::longest_target);
}
