// tests of upstream/http_pool: how many connections there are, which rest and for how long, and how one comes about.
#include "upstream/http_pool.hpp"

#include "tests/support/temporary_directory.hpp"
#include "tests/upstream/http_pair.hpp"
#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using muster::tests::far_side;
using muster::tests::http_pair;
using muster::tests::ok;
using muster::tests::question;
using muster::tests::test_loop;
using muster::upstream::failure;
using muster::upstream::http_client;
using muster::upstream::http_settings;
using muster::upstream::source_failed;
using muster::upstream::source_overloaded;

TEST_CASE("who finds no connection waits its turn, and more than the queue holds are refused at once") {
    http_pair p([](http_settings& s) {
        s.connections = 1;
        s.queue = 1;
    });
    question first(p.loop, *p.client, "/1");
    p.far.accepts();
    CHECK(p.far.hears().starts_with("GET /1 "));
    question second(p.loop, *p.client, "/2");
    p.loop.settle();
    question third(p.loop, *p.client, "/3");
    const auto refused = third.ends().failed_as<source_overloaded>();
    CHECK(refused.source() == "posts");
    CHECK(refused.retry_after() == 1s);
    p.far.says(ok("1"));
    CHECK(first.ends().body() == "1");
    CHECK(p.far.hears().starts_with("GET /2 "));
    p.far.says(ok("2"));
    CHECK(second.ends().body() == "2");
    CHECK(p.at_peace());
}

TEST_CASE("who waits for a connection has its own time, and leaves the queue with it") {
    http_pair p([](http_settings& s) { s.connections = 1; });
    question first(p.loop, *p.client, "/1");
    p.far.accepts();
    p.far.hears();
    question second(p.loop, *p.client, "/2", 100ms);
    p.loop.settle();
    p.loop.advance(100ms);
    CHECK(second.ends().was_cancelled());
    p.far.says(ok("1"));
    CHECK(first.ends().status() == 200);
    CHECK(p.at_peace());
}

TEST_CASE("a connection without work is closed in order after its time") {
    http_pair p;
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    const bool hinted = GENERATE(false, true);
    p.far.says(ok("{}", hinted ? "Keep-Alive: max=100, timeout=5\r\n" : ""));
    asked.ends();
    const auto due = hinted ? 4s : 30s; // a second before the other side means to
    p.loop.advance(due - 1ms);
    CHECK(p.client->pool().idle() == 1);
    p.loop.advance(2ms);
    CHECK(p.client->pool().open() == 0);
    CHECK_FALSE(p.far.was_reset());
}

TEST_CASE("no more connections rest than are allowed, and none that is about to be closed") {
    http_pair p([](http_settings& s) { s.idle = 0; });
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    p.far.says(ok("{}"));
    CHECK(asked.ends().status() == 200);
    CHECK(p.client->pool().open() == 0);
    CHECK_FALSE(p.far.was_reset());

    http_pair q;
    question other(q.loop, *q.client);
    q.far.accepts();
    q.far.hears();
    q.far.says(ok("{}", "Connection: close\r\n"));
    CHECK(other.ends().status() == 200);
    CHECK(q.client->pool().open() == 0);
}

TEST_CASE("of more than may rest those used last are kept") {
    http_pair p([](http_settings& s) { s.idle = 1; });
    p.two_at_rest();
    CHECK(p.client->pool().idle() == 1);
    CHECK_FALSE(p.far.was_reset(0)); // it has ended, in order
    question third(p.loop, *p.client, "/3");
    CHECK(p.far.hears(1).starts_with("GET /3 "));
    p.far.says(ok("3"), 1);
    CHECK(third.ends().body() == "3");
    CHECK(p.at_peace());
}

TEST_CASE("a connection that is to be closed sooner than another is closed in its own time") {
    http_pair p;
    p.two_at_rest("Keep-Alive: timeout=3\r\n");
    p.loop.advance(2s + 1ms);
    CHECK(p.client->pool().idle() == 1);
    p.loop.advance(28s);
    CHECK(p.client->pool().open() == 0);
}

TEST_CASE("a source that is not there is a failure at once, one that does not answer the call in its time") {
    http_pair p(nullptr, 0);
    SECTION("nobody listens") {
        std::uint16_t nobody = 0;
        {
            far_side gone(p.loop);
            nobody = gone.port();
        }
        auto settings = p.far.settings();
        settings.origin.port = nobody;
        http_client client(settings, {&p.loop.get()});
        question asked(p.loop, client);
        const auto error = asked.ends().failed_as<source_failed>();
        CHECK(error.kind() == failure::unreachable);
        CHECK(error.attempts() == 1);
        CHECK(client.pool().open() == 0);
    }
    SECTION("nobody accepts") {
        p.far.fill();
        question asked(p.loop, *p.client, "/api/users/7", 5s);
        p.loop.advance(999ms);
        CHECK_FALSE(asked.ended());
        p.loop.advance(2ms);
        CHECK(asked.ends().failed_as<source_failed>().kind() == failure::connect_timeout);
        CHECK(p.client->pool().open() == 0);
    }
    CHECK(p.at_peace());
}

TEST_CASE("a Unix socket whose backlog is full is tried until there is room, or the time for that is over") {
    const muster::tests::temporary_directory folder;
    const auto path = (folder.path() / "far").string();
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un where{.sun_family = AF_UNIX, .sun_path = {}};
    std::ranges::copy(path, where.sun_path);
    const auto* const address = reinterpret_cast<const sockaddr*>(&where);
    REQUIRE(::bind(listener, address, sizeof where) == 0);
    REQUIRE(::listen(listener, 0) == 0);
    std::vector<int> fillers;
    int full = 0;
    while (full == 0) {
        fillers.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        full = ::connect(fillers.back(), address, sizeof where) == 0 ? 0 : errno;
    }
    CHECK(full == EAGAIN);
    {
        test_loop loop;
        http_settings settings;
        settings.name = "posts";
        settings.origin.unix_path = path;
        settings.connect = 100ms;
        http_client client(settings, {&loop.get()});
        question hopeless(loop, client);
        loop.advance(99ms);
        CHECK_FALSE(hopeless.ended());
        loop.advance(2ms);
        CHECK(hopeless.ends().failed_as<source_failed>().kind() == failure::connect_timeout);

        question patient(loop, client);
        loop.settle();
        fillers.push_back(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        loop.advance(50ms);           // the longest pause between two attempts
        CHECK_FALSE(patient.ended()); // it has asked, and waits for the answer
        CHECK(client.pool().open() == 1);
        for (const int fd : fillers) {
            ::close(fd);
        }
        ::close(listener);
        CHECK(patient.ends().failed_as<source_failed>().attempts() == 1);
        CHECK(client.pool().open() == 0);
    }
}

TEST_CASE("a connection that dies when it is used leaves its place to the one that replaces it") {
    http_pair p([](http_settings& s) {
        s.connections = 2;
        s.idle = 2;
    });
    p.two_at_rest();
    CHECK(p.client->pool().idle() == 2);
    question third(p.loop, *p.client, "/3");
    p.far.hears(1); // the one that came to rest last
    p.far.closes(1);
    p.far.accepts();
    p.far.hears(2);
    CHECK(p.client->pool().open() == 2);
    p.far.says(ok("3"), 2);
    CHECK(third.ends().body() == "3");
    CHECK(p.at_peace());
}

TEST_CASE("a loop that needs a connection beyond the limit has one at rest on another loop closed for it") {
    test_loop here;
    test_loop there;
    far_side far(here);
    auto settings = far.settings();
    settings.connections = 1;
    settings.idle = 1;
    http_client client(settings, {&here.get(), &there.get()});
    question first(here, client, "/1");
    far.accepts();
    far.hears(0);
    far.says(ok("1"), 0);
    first.ends();
    CHECK(client.pool().open() == 1);
    question second(there, client, "/2");
    there.settle();
    CHECK(client.pool().open() == 2); // the first has not been told yet
    here.settle();
    CHECK(client.pool().open() == 1);
    CHECK_FALSE(far.was_reset(0)); // closed in order
    far.accepts();
    there.run_real([&] {
        there.settle();
        return client.pool().idle() == 0 && far.has_heard(1);
    });
    far.hears(1);
    far.says(ok("2"), 1);
    CHECK(second.ends().body() == "2");
    CHECK(client.pool().open() == 1);
    CHECK(client.pool().idle() == 1);
    CHECK(client.pool().free_slots() == 1);
}
