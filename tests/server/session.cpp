// tests of server/session: connections, byte by byte.
#include "server/session.hpp"

#include "tests/server/served.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace std::chrono_literals;
using muster::tests::count_of;
using muster::tests::served;

namespace {

const std::string hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

int status_of(const std::string& answer) {
    REQUIRE(answer.starts_with("HTTP/1.1 "));
    return std::stoi(answer.substr(9, 3));
}

muster::server::session_settings with_large_bodies() {
    muster::server::session_settings settings;
    settings.limits.body = 1'000'000;
    return settings;
}

bool has(const std::string& text, std::string_view what) {
    return text.find(what) != std::string::npos;
}

} // namespace

TEST_CASE("a request is answered with Date, length and id, and the connection goes on") {
    served s;
    s.connect();
    for (int i = 0; i != 3; ++i) {
        s.send(hello);
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
    const std::string both = hello + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
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
    CHECK(has(s.talk("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + hello), "Connection: close"));
    s.connect();
    s.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(count_of(s.rest(), "HTTP/1.1 200") == 1); // without our closing first
    s.connect();
    s.send("GET /hello HTTP/1.0\r\n\r\n");
    CHECK(has(s.rest(), "Connection: close"));
    s.connect();
    s.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(has(s.answers(), "Connection: keep-alive"));
    s.send(hello);
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
        const auto got = s.talk(bytes + hello);
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
    served s(settings);
    s.connect();
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
    s.pass(14s);
    s.send("y");
    CHECK(s.answers().ends_with("\r\n\r\nxy"));
}

TEST_CASE("who sends more requests ahead than allowed is told that the last answer is the last") {
    muster::server::session_settings settings;
    settings.pipelined = 3;
    served s(settings);
    s.connect();
    s.send(hello + hello + hello); // as many as may be
    auto got = s.answers(3);
    CHECK(count_of(got, "HTTP/1.1 200 ") == 3);
    CHECK_FALSE(has(got, "Connection: close"));
    s.send(hello); // not ahead of anything
    CHECK_FALSE(has(s.answers(), "Connection: close"));
    s.send(hello + hello + hello + hello);
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

TEST_CASE("a line end behind a request begins none: the connection is idle") {
    served s;
    s.connect();
    s.send(hello + "\r\n\r"); // the last is cut
    CHECK(status_of(s.answers()) == 200);
    s.pass(30s);
    s.send("\n");
    s.pass(29s);
    CHECK(s.gate.open() == 1);
    s.pass(1s);
    CHECK(s.rest().empty());
}

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
    s.slip(hello + hello + hello);
    s.loop.get().cancel_all(muster::concurrency::cancel_cause::shutdown);
    CHECK(status_of(s.rest()) == 503);
    CHECK_FALSE(s.was_reset());
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
    s.send(hello); // a route of small answers goes on
    CHECK(status_of(s.answers()) == 200);
}

TEST_CASE("a client that does not end its side holds no memory once it has been answered for the last time") {
    served s;
    s.connect();
    const auto body = std::string(60'000, 'x');
    s.send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 60000\r\n\r\n" + body + hello);
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
    s.send(hello);
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
    s.send(hello);
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
    s.send(hello);
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
    s.send(hello);
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
    s.send(hello);
    s.finish();
    CHECK(status_of(s.rest()) == 200);

    s.connect();
    s.pass(100ms);
    CHECK(s.rest().empty());
}

TEST_CASE("a request that comes in the moment in which its idle connection is closed is answered") {
    served s;
    s.connect();
    s.send(hello);
    CHECK(status_of(s.answers()) == 200);
    s.pass(0ms);
    s.draining = true;
    SECTION("it is there already, unread") {
        s.slip(hello);
        s.open.close_idle();
    }
    SECTION("it comes before the connection hears of its end") {
        s.open.close_idle();
        s.slip(hello);
    }
    SECTION("it comes when the idle time is over") {
        s.slip(hello);
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
    s.slip(hello);
    CHECK(s.rest().empty());
    CHECK_FALSE(s.was_reset());
    s.pass(200ms); // it does not wait for a client that keeps its side open
    CHECK(s.gate.open() == 0);
}

TEST_CASE("requests that came together are all answered while the process drains, up to a limit") {
    served s;
    s.draining = true;
    s.connect();
    s.slip(hello + hello + hello);
    s.finish();
    auto got = s.rest();
    CHECK(count_of(got, "HTTP/1.1 200") == 3);
    CHECK(count_of(got, "Connection: close\r\n") == 1);

    s.connect();
    std::string many;
    for (int i = 0; i != 100; ++i) {
        many += hello;
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
