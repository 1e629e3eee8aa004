// tests of upstream/http_client: questions to a far side that says, word for word, what the test wants.
#include "upstream/http_client.hpp"

#include "tests/upstream/http_pair.hpp"
#include "upstream/errors.hpp"
#include "upstream/explanation.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using muster::tests::answer;
using muster::tests::http_pair;
using muster::tests::ok;
using muster::tests::question;
using muster::upstream::failure;
using muster::upstream::http_settings;
using muster::upstream::source_failed;
using muster::upstream::source_overloaded;
using muster::upstream::source_timed_out;

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
    p.one_at_rest();
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
    p.one_at_rest();
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
    p.one_at_rest();
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
