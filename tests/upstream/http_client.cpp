// tests of upstream/http_client and http_pool: questions to a far side that says, word for word, what the test wants.
#include "upstream/http_client.hpp"

#include "tests/support/temporary_directory.hpp"
#include "tests/upstream/far_side.hpp"
#include "upstream/errors.hpp"
#include "upstream/explanation.hpp"

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
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using muster::tests::answer;
using muster::tests::far_side;
using muster::tests::ok;
using muster::tests::question;
using muster::tests::test_loop;
using muster::upstream::failure;
using muster::upstream::http_client;
using muster::upstream::http_settings;
using muster::upstream::source_failed;
using muster::upstream::source_overloaded;
using muster::upstream::source_timed_out;

namespace {

/// A client, its far side and their loop.
struct http_pair {
    explicit http_pair(void (*change)(http_settings&) = nullptr, int backlog = 16) : far(loop, backlog) {
        auto settings = far.settings();
        if (change != nullptr) {
            change(settings);
        }
        client.emplace(settings, std::vector{&loop.get()});
    }

    /// Every permit is back.
    [[nodiscard]] bool at_peace() const {
        return client->pool().open() == client->pool().idle() &&
               client->pool().free_slots() == client->settings().connections;
    }

    test_loop loop;
    far_side far;
    std::optional<http_client> client;
};

} // namespace

TEST_CASE("a source is asked with its own name, for JSON, and told how much time is left") {
    http_pair p;
    question asked(p.loop, *p.client, "/api/users/7/posts?limit=20", 2s);
    p.far.accepts();
    CHECK(p.far.hears() ==
          "GET /api/users/7/posts?limit=20 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(p.far.port()) +
              "\r\nUser-Agent: muster\r\nAccept: application/json\r\n"
              "X-Request-Timeout-Ms: 1950\r\n\r\n");
    p.far.says(ok("{}"));
    CHECK(asked.ends().status() == 200);
    CHECK(asked.body() == "{}");
    CHECK(p.at_peace());
}

TEST_CASE("a connection carries one question after the other") {
    http_pair p;
    for (const std::string body : {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"}) {
        question asked(p.loop, *p.client);
        if (body.contains('1')) {
            p.far.accepts();
        }
        CHECK(p.far.hears().starts_with("GET /api/users/7 HTTP/1.1\r\n"));
        p.far.says(ok(body));
        CHECK(asked.ends().body() == body);
    }
    CHECK_FALSE(p.far.has_another());
    CHECK(p.client->pool().idle() == 1);
    CHECK(p.at_peace());
}

TEST_CASE("a 404 is an answer, and its connection goes on") {
    http_pair p;
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    p.far.says(answer("404 Not Found", "{}"));
    CHECK(asked.ends().status() == 404);
    CHECK(p.client->pool().idle() == 1);
}

TEST_CASE("a question that nobody answered on a used connection is asked once more, on a new one") {
    http_pair p;
    const bool by_reset = GENERATE(false, true);
    {
        question first(p.loop, *p.client);
        p.far.accepts();
        p.far.hears();
        p.far.says(ok("{}"));
        first.ends();
    }
    question second(p.loop, *p.client);
    p.far.hears(0); // it has arrived, and then the connection ends
    by_reset ? p.far.resets(0) : p.far.closes(0);
    p.far.accepts();
    SECTION("and the answer to that is the answer") {
        p.far.hears(1);
        p.far.says(ok("{\"n\":2}"), 1);
        CHECK(second.ends().body() == "{\"n\":2}");
    }
    SECTION("but only once") {
        p.far.hears(1);
        p.far.closes(1);
        const auto error = second.ends().failed_as<source_failed>();
        CHECK(error.kind() == failure::closed);
        CHECK(error.attempts() == 2);
    }
    CHECK(p.at_peace());
}

TEST_CASE("a question of whose answer a byte came is not asked again") {
    http_pair p;
    {
        question first(p.loop, *p.client);
        p.far.accepts();
        p.far.hears();
        p.far.says(ok("{}"));
        first.ends();
    }
    question second(p.loop, *p.client);
    p.far.hears();
    p.far.says("H");
    p.far.closes();
    const auto error = second.ends().failed_as<source_failed>();
    CHECK(error.kind() == failure::closed);
    CHECK(error.attempts() == 1);
    CHECK_FALSE(p.far.has_another());
    CHECK(p.at_peace());
}

TEST_CASE("a new connection that ends without an answer is a failure at once") {
    http_pair p;
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    SECTION("by its end") {
        p.far.closes();
        CHECK(asked.ends().failed_as<source_failed>().kind() == failure::closed);
    }
    SECTION("by a reset") {
        p.far.resets();
        CHECK(asked.ends().failed_as<source_failed>().kind() == failure::reset);
    }
    SECTION("by a reset in the middle of the answer") {
        p.far.says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123");
        p.far.resets();
        CHECK(asked.ends().failed_as<source_failed>().kind() == failure::reset);
    }
    CHECK(p.client->pool().open() == 0);
    CHECK_FALSE(p.far.has_another());
}

TEST_CASE("a connection that its server closed, or on which it spoke unasked, is not used again") {
    http_pair p;
    {
        question first(p.loop, *p.client);
        p.far.accepts();
        p.far.hears();
        p.far.says(ok("{}"));
        first.ends();
    }
    const bool speaks = GENERATE(false, true);
    if (speaks) {
        p.far.says(ok("{\"n\":666}"));
    } else {
        p.far.closes();
    }
    question second(p.loop, *p.client);
    p.far.accepts();
    p.far.hears(1);
    p.far.says(ok("{\"n\":2}"), 1);
    CHECK(second.ends().body() == "{\"n\":2}");
    CHECK(p.client->pool().open() == 1);
}

TEST_CASE("a connection whose end was announced is closed in order") {
    http_pair p;
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    p.far.says(ok("{}", "Connection: close\r\n"));
    CHECK(asked.ends().body() == "{}");
    CHECK(p.client->pool().open() == 0);
    CHECK_FALSE(p.far.was_reset());
}

TEST_CASE("bytes behind an answer make the connection useless, not the answer") {
    http_pair p;
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    p.far.says(ok("{}") + "HTTP/1.1 200 OK\r\n");
    CHECK(asked.ends().body() == "{}");
    CHECK(p.client->pool().open() == 0);
    CHECK(p.far.was_reset());
}

TEST_CASE("an exchange that is cut is reset, so that the far side drops what it was asked") {
    http_pair p;
    question asked(p.loop, *p.client, "/api/users/7", 1s);
    p.far.accepts();
    p.far.hears();
    const bool in_the_answer = GENERATE(false, true);
    if (in_the_answer) {
        p.far.says("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123");
    }
    p.loop.advance(1s);
    asked.ends();
    CHECK(asked.was_cancelled());
    CHECK(p.far.was_reset());
    CHECK(p.client->pool().open() == 0);
    CHECK(p.at_peace());
}

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

TEST_CASE("what a source's status means") {
    http_pair p;
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    SECTION("504: its own time was over, with its explanation") {
        p.far.says(answer("504 Gateway Timeout", R"({"status":504,"cause":"deadline_exceeded","budget_ms":1950})"));
        const auto error = asked.ends().failed_as<source_timed_out>();
        REQUIRE(error.upstream());
        CHECK(error.upstream()->cause == "deadline_exceeded");
        CHECK(error.upstream()->budget == 1950ms);
        CHECK(error.attempts() == 1);
    }
    SECTION("503: later again, when it says") {
        p.far.says(answer("503 Service Unavailable", "", "Retry-After: 7\r\n"));
        CHECK(asked.ends().failed_as<source_overloaded>().retry_after() == 7s);
    }
    SECTION("429: later again, but in no year's time") {
        p.far.says(answer("429 Too Many Requests", "", "Retry-After: 99999999999\r\n"));
        CHECK(asked.ends().failed_as<source_overloaded>().retry_after() == 60s);
    }
    SECTION("503 with a date, or nothing, for when: in a second") {
        p.far.says(answer("503 Service Unavailable", "", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"));
        CHECK(asked.ends().failed_as<source_overloaded>().retry_after() == 1s);
    }
    SECTION("all else is a failure") {
        const auto* status = GENERATE("500 Internal Server Error", "302 Found", "304 Not Modified", "204 No Content",
                                      "206 Partial Content", "401 Unauthorized", "201 Created");
        p.far.says(answer(
            status,
            std::string_view(status).starts_with("304") || std::string_view(status).starts_with("204") ? "" : "{}"));
        const auto error = asked.ends().failed_as<source_failed>();
        CHECK(error.kind() == failure::bad_status);
        CHECK(std::string(error.what()) == "posts: it answered " + std::string(status).substr(0, 3));
    }
    CHECK(p.client->pool().idle() == 1); // the connection is none the worse for it
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
    question first(p.loop, *p.client, "/1");
    question second(p.loop, *p.client, "/2");
    p.far.accepts();
    p.far.accepts();
    p.far.hears(0);
    p.far.hears(1);
    p.far.says(ok("1"), 0);
    first.ends();
    p.far.says(ok("2"), 1);
    second.ends();
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
    question first(p.loop, *p.client, "/1");
    question second(p.loop, *p.client, "/2");
    p.far.accepts();
    p.far.accepts();
    p.far.hears(0);
    p.far.hears(1);
    p.far.says(ok("1"), 0);
    first.ends();
    p.far.says(ok("2", "Keep-Alive: timeout=3\r\n"), 1);
    second.ends();
    p.loop.advance(2s + 1ms);
    CHECK(p.client->pool().idle() == 1);
    p.loop.advance(28s);
    CHECK(p.client->pool().open() == 0);
}

TEST_CASE("an answer that goes on until the connection's end is whole at that end") {
    http_pair p;
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    p.far.says("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":");
    p.far.says("1}");
    p.loop.settle();
    CHECK_FALSE(asked.ended());
    p.far.closes();
    CHECK(asked.ends().body() == "{\"a\":1}");
    CHECK(p.client->pool().open() == 0);
}

TEST_CASE("a large answer comes whole, one beyond the limit is cut off") {
    http_pair p([](http_settings& s) { s.body = 1'000'000; });
    question asked(p.loop, *p.client);
    p.far.accepts();
    p.far.hears();
    SECTION("as large as may be") {
        const std::string body(1'000'000, 'x');
        p.far.says(ok(body));
        CHECK(asked.ends().body() == body);
    }
    SECTION("a byte more") {
        p.far.says(ok(std::string(1'000'001, 'x')));
        CHECK(asked.ends().failed_as<source_failed>().kind() == failure::too_large);
        CHECK(p.client->pool().open() == 0);
    }
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
    question first(p.loop, *p.client, "/1");
    question second(p.loop, *p.client, "/2");
    p.far.accepts();
    p.far.accepts();
    p.far.hears(0);
    p.far.hears(1);
    p.far.says(ok("1"), 0);
    first.ends();
    p.far.says(ok("2"), 1);
    second.ends();
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
