// tests of server/session: what is cut in time, and what clients may hold.
#include "server/session.hpp"

#include "tests/server/served.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

using namespace std::chrono_literals;
using muster::tests::count_of;
using muster::tests::get_hello;
using muster::tests::has;
using muster::tests::served;
using muster::tests::status_of;
using muster::tests::with_large_bodies;

TEST_CASE("a head that does not arrive in time is a 408, counted from its first byte, whatever comes meanwhile") {
    served s;
    s.connect();
    s.pass(50s); // idle, which is another limit
    s.send("GET /hello HTTP/1.1\r\n");
    s.pass(5s);
    s.send("Host: a\r\n");
    for (int i = 0; i != 4; ++i) {
        s.pass(1s);
        s.send("X");
    }
    CHECK(s.gate.open() == 1);
    s.pass(1s);
    s.finish();
    const auto got = s.rest();
    CHECK(status_of(got) == 408);
    CHECK(has(got, "Connection: close\r\n"));
}

TEST_CASE("a body that does not arrive in time is a 408, however steadily it comes") {
    served s;
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    for (int i = 0; i != 14; ++i) {
        s.pass(1s);
        s.send(std::string(240, 'x'));
    }
    CHECK(s.gate.open() == 1);
    s.pass(1s);
    s.finish();
    const auto got = s.rest();
    CHECK(status_of(got) == 408);
    CHECK(has(got, "the request did not arrive in time"));
}

TEST_CASE("a body that comes more slowly than the rate has its grace, and is a 408 then") {
    served s;
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(240, 'x'));
    s.pass(5s);
    s.send("x");
    s.pass(1s); // the grace, and the second that 240 bytes are good for; a byte more is good for 5 ms
    CHECK(s.gate.open() == 1);
    s.pass(5ms);
    s.finish();
    const auto got = s.rest();
    CHECK(status_of(got) == 408);
    CHECK(has(got, "the request's body arrives too slowly"));
}

TEST_CASE("a body may come at any rate if there is none, and in time is in time") {
    muster::server::session_settings settings;
    settings.arrival.body_rate = 0;
    muster::handlers::router routes;
    using muster::handlers::request;
    const auto echo = [](const request& asked) -> muster::concurrency::task<muster::handlers::response> {
        co_return muster::handlers::text(200, asked.body());
    };
    routes.post("/patient", echo).timeout(20s);
    routes.post("/echo", echo).timeout(5s);
    served s(settings, {}, std::move(routes));
    s.connect();
    const std::string rest = " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx";
    s.send("POST /patient" + rest);
    s.pass(14s);
    s.send("y");
    CHECK(s.answers().ends_with("\r\n\r\nxy"));
    s.send("POST /echo" + rest); // the route's time begins behind the body
    s.pass(14s);
    s.send("y");
    CHECK(s.answers().ends_with("\r\n\r\nxy"));
    s.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nX-Request-Timeout-Ms: 4000\r\nContent-Length: 2\r\n\r\nx"); // its caller's
                                                                                                       // does not
    s.pass(4s);
    s.send("y");
    CHECK(status_of(s.answers()) == 504);
}

TEST_CASE("who sends more requests ahead than allowed is told that the last answer is the last") {
    muster::server::session_settings settings;
    settings.pipelined = 3;
    served s(settings);
    s.connect();
    s.send(get_hello + get_hello + get_hello); // as many as may be
    auto got = s.answers(3);
    CHECK(count_of(got, "HTTP/1.1 200 ") == 3);
    CHECK_FALSE(has(got, "Connection: close"));
    s.send(get_hello); // not ahead of anything
    CHECK_FALSE(has(s.answers(), "Connection: close"));
    s.send(get_hello + get_hello + get_hello + get_hello);
    s.finish();
    got = s.rest();
    CHECK(count_of(got, "HTTP/1.1 200 ") == 3);
    CHECK(count_of(got, "Connection: close\r\n") == 1);
    CHECK_FALSE(s.was_reset());
}

TEST_CASE("requests as large as what is read at once are ahead of their turn, too") {
    muster::server::session_settings settings;
    settings.pipelined = 3;
    served s(settings);
    s.connect();
    auto page = "GET /hello HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n" + std::string();
    page.insert(page.size() - 4, 4096 - page.size(), 'x');
    s.send(page + page + page + page);
    s.finish();
    CHECK(count_of(s.rest(), "HTTP/1.1 200 ") == 3);
}

TEST_CASE("a large answer has the write timeout for each 64 KiB, so that a slow reader gets it whole") {
    served s(with_large_bodies());
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + std::string(900'000, 'x'));
    s.pass(0ms);
    std::size_t got = 0;
    for (int i = 0; i != 100 && got < 900'000; ++i) {
        s.pass(12s);
        got += s.sip(200'000); // a Unix socket takes more when most of it has been read
    }
    CHECK(got > 900'000);
    CHECK(s.gate.open() == 1);
}

TEST_CASE("a head for which clients hold too much memory is a 503, and all of it is given back") {
    served s;
    muster::server::client_memory::share others(s.memory.arriving);
    REQUIRE(others.hold(s.memory.arriving.limit() - 8 * 1024));
    s.connect();
    s.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: " + std::string(3000, 'x')); // fits into what every connection has
    s.pass(0ms);
    CHECK(s.memory.arriving.held() == s.memory.arriving.limit() - 8 * 1024);
    s.send(std::string(3000, 'x'));
    s.finish();
    const auto got = s.rest();
    CHECK(status_of(got) == 503);
    CHECK(has(got, "Retry-After: 1\r\n"));
    CHECK(has(got, "Connection: close\r\n"));
    s.until_ended();
    CHECK(s.memory.arriving.held() == s.memory.arriving.limit() - 8 * 1024);
}

TEST_CASE("an answer for which clients hold too much memory is a 503, later ones before their work begins") {
    served s;
    muster::server::client_memory::share others(s.memory.leaving);
    const std::string echo =
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + std::string(60'000, 'x');
    s.connect();
    s.send(echo);
    std::string got;
    while (got.size() < 60'000) {
        got += s.answers(0);
        s.pass(0ms);
    }
    CHECK(status_of(got) == 200);
    s.pass(0ms);
    CHECK(s.memory.leaving.held() == 0);
    REQUIRE(others.hold(s.memory.leaving.limit() -
                        119'000)); // enough to read it, not for the 120,000 that the last one took
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    got = s.answers();
    CHECK(status_of(got) == 503);
    CHECK(has(got, "Retry-After: 1\r\n"));
    CHECK_FALSE(has(got, "Connection: close"));
    CHECK(s.records.all.back().cause == "max_buffered");
    s.send(get_hello); // a route of small answers goes on
    CHECK(status_of(s.answers()) == 200);
}

TEST_CASE("a client that does not end its side holds no memory once it has been answered for the last time") {
    served s;
    s.connect();
    const auto body = std::string(60'000, 'x');
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n" + body + get_hello);
    std::string got;
    while (got.size() < body.size()) {
        got += s.answers(0);
        s.pass(0ms);
    }
    CHECK(has(got, "Connection: close\r\n"));
    s.pass(1s);
    CHECK(s.gate.open() == 1); // it lingers
    CHECK(s.memory.arriving.held() + s.memory.leaving.held() == 0);
    s.pass(1s);
    CHECK(s.gate.open() == 0);
}

TEST_CASE("a connection whose answer waits shows as write, and holds memory until it is sent") {
    served s(with_large_bodies());
    muster::server::client_memory::share others(s.memory.leaving);
    REQUIRE(others.hold(1));
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + std::string(500'000, 'x'));
    s.pass(0ms);
    CHECK(s.waits_for() == "write");
    CHECK(s.memory.leaving.held() >= 500'000);
    s.pass(14s);
    CHECK(s.gate.open() == 1);
    s.pass(1s);
    CHECK(s.gate.open() == 0);
    CHECK(s.memory.leaving.held() == 1);
    CHECK(s.records.all.back().cause == "write_timeout");
}

TEST_CASE("a silent connection is closed without a word, also between requests") {
    served s;
    s.connect();
    s.pass(59s);
    CHECK(s.gate.open() == 1);
    s.pass(1s);
    CHECK(s.rest().empty());

    s.connect();
    s.send(get_hello);
    CHECK(status_of(s.answers()) == 200);
    s.pass(60s);
    CHECK(s.rest().empty());
}

TEST_CASE("who does not read its answer is left after the write timeout") {
    served s(with_large_bodies());
    s.connect();
    const std::string body(1'000'000, 'x');
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + body);
    s.pass(14s);
    CHECK(s.gate.open() == 1);
    s.pass(1s);
    CHECK(s.gate.open() == 0);
}
