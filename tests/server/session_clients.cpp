// tests of server/session: clients that leave before their answer.
#include "server/session.hpp"

#include "tests/server/served.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace std::chrono_literals;
using muster::tests::count_of;
using muster::tests::served;
using muster::tests::status_of;

TEST_CASE("a client that resets the connection ends the work for it, and the record says so") {
    served s;
    s.connect();
    s.send("GET /hang HTTP/1.1\r\nHost: a\r\nX-Request-Id: left\r\n\r\n");
    s.pass(1ms);
    CHECK(s.live_tasks() == 2);
    s.reset();
    s.until_ended();
    CHECK(s.rest().empty());
    REQUIRE(s.records.all.size() == 1);
    const auto& record = s.records.all.front();
    CHECK(record.status == 499);
    CHECK(record.cause == "client_gone");
    CHECK(record.request_id == "left");
    CHECK(record.route == "/hang");
    CHECK(record.bytes == 0);
}

TEST_CASE("a request whose client has left before it was read is never begun") {
    served s;
    s.connect();
    s.slip("GET /hello HTTP/1.1\r\nHost: a\r\nX-Request-Id: too-late\r\n\r\n");
    s.reset();
    s.until_ended();
    REQUIRE(s.records.all.size() == 1);
    const auto& record = s.records.all.front();
    CHECK(record.status == 499);
    CHECK(record.cause == "client_gone");
    CHECK(record.request_id == "too-late");
    CHECK(record.bytes == 0);
}

TEST_CASE("a client that says nothing more right behind its last request still gets every answer") {
    served s;
    s.connect();
    s.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    s.finish();
    s.pass(1s);
    s.pass(1s);
    CHECK(count_of(s.rest(), "HTTP/1.1 200 OK") == 2);
    REQUIRE(s.records.all.size() == 2);
    CHECK(s.records.all[0].cause.empty());
    CHECK(s.records.all[1].cause.empty());
}

TEST_CASE("a client of a Unix socket that only ends its side, however late, gets its answer") {
    served s;
    s.connect();
    s.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    s.pass(500ms);
    s.finish();
    s.pass(500ms);
    CHECK(status_of(s.rest()) == 200);
    REQUIRE(s.records.all.size() == 1);
    CHECK(s.records.all[0].cause.empty());
}

TEST_CASE("a client that has said all and then resets the connection has left") {
    served s;
    s.connect();
    s.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    s.finish();
    s.pass(100ms);
    CHECK(s.live_tasks() == 2);
    s.reset();
    s.until_ended();
    CHECK(s.rest().empty());
    REQUIRE(s.records.all.size() == 1);
    CHECK(s.records.all[0].status == 499);
}

TEST_CASE("a request that was not read when its client left is not begun") {
    served s;
    s.connect();
    s.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    s.pass(100ms);
    s.reset();
    s.until_ended();
    CHECK(s.rest().empty());
    CHECK(s.records.all.size() == 1);
}

TEST_CASE("a route that finishes does so without its client, and its record says both") {
    served s;
    s.connect();
    s.send("GET /finish HTTP/1.1\r\nHost: a\r\n\r\n");
    s.pass(100ms);
    s.reset();
    s.pass(800ms);
    CHECK(s.records.all.empty());
    s.pass(100ms);
    s.until_ended();
    REQUIRE(s.records.all.size() == 1);
    CHECK(s.records.all[0].status == 200);
    CHECK(s.records.all[0].cause == "client_gone");
}
