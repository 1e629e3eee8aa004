// tests of server/session: connections while the process drains and ends.
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
using muster::tests::with_large_bodies;

TEST_CASE("a request whose reading the end of the process cuts is a 503, and has a record") {
    served s;
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    s.pass(0ms);
    s.loop.get().cancel_all(muster::concurrency::cancel_cause::shutdown);
    const auto got = s.rest();
    CHECK(status_of(got) == 503);
    CHECK(has(got, "Connection: close\r\n"));
    CHECK_FALSE(s.was_reset());
    REQUIRE(s.records.all.size() == 1);
    CHECK(s.records.all.front().cause == "shutdown");
    CHECK(s.records.all.front().target == "/echo");
}

TEST_CASE("what is still behind a request that the end of the process cuts does not make its answer a reset") {
    served s;
    s.connect();
    s.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    s.pass(0ms);
    s.slip(get_hello + get_hello + get_hello);
    s.loop.get().cancel_all(muster::concurrency::cancel_cause::shutdown);
    CHECK(status_of(s.rest()) == 503);
    CHECK_FALSE(s.was_reset());
}

TEST_CASE("while the process drains answers say close, and idle connections end") {
    served s;
    s.connect();
    s.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    s.pass(500ms);
    s.draining = true;
    s.open.close_idle(); // does not touch the one at work
    s.pass(500ms);
    s.finish();
    const auto got = s.rest();
    CHECK(status_of(got) == 200);
    CHECK(has(got, "Connection: close\r\n"));

    s.draining = false;
    s.connect();
    s.send(get_hello);
    CHECK(status_of(s.answers()) == 200);
    s.pass(0ms);
    s.open.close_idle();
    CHECK(s.rest().empty());
}

TEST_CASE("while the process drains and still accepts, a new connection has its usual time for one request") {
    served s;
    s.draining = true;
    s.connect();
    s.pass(59s);
    s.send(get_hello);
    s.finish();
    const auto got = s.rest();
    CHECK(status_of(got) == 200);
    CHECK(has(got, "Connection: close\r\n"));
}

TEST_CASE("a stop that begins while an answer leaves does not end its connection, for the answer did not say so") {
    served s(with_large_bodies());
    s.connect();
    const std::string body(1'000'000, 'x');
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + body);
    s.pass(0ms); // the answer does not fit into the socket
    s.draining = true;
    std::string got;
    for (int i = 0; i != 1000 && got.size() < body.size(); ++i) {
        got += s.answers(0);
        s.pass(0ms);
    }
    REQUIRE(status_of(got) == 200);
    REQUIRE_FALSE(has(got, "Connection: close\r\n"));
    s.pass(0ms);
    s.send(get_hello);
    s.finish();
    got = s.rest();
    REQUIRE_FALSE(got.empty());
    CHECK(status_of(got) == 200);
    CHECK(has(got, "Connection: close\r\n"));
}

TEST_CASE("once the listeners are closed a new connection has a moment for its request") {
    served s;
    s.draining = true;
    s.open.begin_closing();
    s.connect();
    s.open.close_idle(); // which it is not
    s.pass(99ms);
    s.send(get_hello);
    s.finish();
    CHECK(status_of(s.rest()) == 200);

    s.connect();
    s.pass(100ms);
    CHECK(s.rest().empty());
}

TEST_CASE("a request that comes in the moment in which its idle connection is closed is answered") {
    served s;
    s.connect();
    s.send(get_hello);
    CHECK(status_of(s.answers()) == 200);
    s.pass(0ms);
    s.draining = true;
    SECTION("it is there already, unread") {
        s.slip(get_hello);
        s.open.close_idle();
    }
    SECTION("it comes before the connection hears of its end") {
        s.open.close_idle();
        s.slip(get_hello);
    }
    SECTION("it comes when the idle time is over") {
        s.slip(get_hello);
        s.loop.advance(60s);
    }
    s.finish();
    const auto got = s.rest();
    REQUIRE_FALSE(got.empty());
    CHECK(status_of(got) == 200);
    CHECK(has(got, "Connection: close\r\n"));
}

TEST_CASE("a request that crosses the end of its idle connection meets an end, not a reset") {
    served s;
    s.connect();
    s.pass(0ms);
    s.open.close_idle();
    s.pass(0ms);
    s.slip(get_hello);
    CHECK(s.rest().empty());
    CHECK_FALSE(s.was_reset());
    s.pass(200ms); // it does not wait for a client that keeps its side open
    CHECK(s.gate.open() == 0);
}

TEST_CASE("requests that came together are all answered while the process drains, up to a limit") {
    served s;
    s.draining = true;
    s.connect();
    s.slip(get_hello + get_hello + get_hello);
    s.finish();
    auto got = s.rest();
    CHECK(count_of(got, "HTTP/1.1 200") == 3);
    CHECK(count_of(got, "Connection: close\r\n") == 1);

    s.connect();
    std::string many;
    for (int i = 0; i != 100; ++i) {
        many += get_hello;
    }
    s.slip(many);
    s.finish();
    got = s.rest();
    CHECK(count_of(got, "HTTP/1.1 200") == 64);
    CHECK(count_of(got, "Connection: close\r\n") == 1);
}

TEST_CASE("a request that the end of the process cuts is answered 503") {
    served s;
    s.connect();
    s.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
    s.pass(1s);
    s.loop.get().cancel_all(muster::concurrency::cancel_cause::shutdown);
    const auto got = s.rest();
    CHECK(status_of(got) == 503);
    CHECK(has(got, "Connection: close\r\n"));
    CHECK(has(got, "Retry-After: "));
}

TEST_CASE("an answer that the end of the process cuts has a record, too") {
    served s(with_large_bodies());
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
    s.pass(0ms); // the answer does not fit into the socket
    CHECK(s.records.all.empty());
    s.loop.get().cancel_all(muster::concurrency::cancel_cause::shutdown);
    s.until_ended();
    REQUIRE(s.records.all.size() == 1);
    const auto& record = s.records.all.front();
    CHECK(record.status == 200);
    CHECK(record.cause == "shutdown");
    CHECK(record.bytes > 0);
    CHECK(record.bytes < 1'000'000);
}
