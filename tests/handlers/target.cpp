// tests of handlers/target: the forms of a request target, and what is none.
#include "handlers/target.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace muster::handlers;
using namespace std::literals;

TEST_CASE("the origin form is cut at its first question mark") {
    const auto plain = parse_target("/user/1");
    REQUIRE(plain);
    CHECK(plain->form == target_form::origin);
    CHECK(plain->path == "/user/1");
    CHECK(plain->query == "");

    const auto with_query = parse_target("/a//b/?x=1?y=2");
    REQUIRE(with_query);
    CHECK(with_query->path == "/a//b/");
    CHECK(with_query->query == "x=1?y=2");

    const auto slashes = parse_target("//evil/user/1?");
    REQUIRE(slashes);
    CHECK(slashes->form == target_form::origin);
    CHECK(slashes->authority == "");
    CHECK(slashes->path == "//evil/user/1");
    CHECK(slashes->query == "");
}

TEST_CASE("the absolute form gives authority, path and query") {
    const auto full = parse_target("HTTP://Example.org:8080/user/1?x");
    REQUIRE(full);
    CHECK(full->form == target_form::absolute);
    CHECK(full->authority == "Example.org:8080");
    CHECK(full->path == "/user/1");
    CHECK(full->query == "x");

    for (const auto text : {"https://h"sv, "http://h?x=/y"sv, "http://h/"sv}) {
        CAPTURE(text);
        const auto parts = parse_target(text);
        REQUIRE(parts);
        CHECK(parts->authority == "h");
        CHECK(parts->path == "/");
    }
    CHECK(parse_target("http://h?x=/y")->query == "x=/y");
    CHECK(parse_target("http://[::1]:8080/")->authority == "[::1]:8080");
}

TEST_CASE("the asterisk is a form of its own") {
    REQUIRE(parse_target("*"));
    CHECK(parse_target("*")->form == target_form::asterisk);
    CHECK_FALSE(parse_target("*/"));
}

TEST_CASE("whatever is no request target is refused") {
    for (const auto text :
         {""sv, "user/1"sv, "?x"sv, "example.org:443"sv, "ftp://h/"sv, "http:/h/"sv, "http://"sv, "http:///x"sv,
          "http://:80/"sv, "http://me@h/"sv, "/a b"sv, "/a\tb"sv, "/a\r\nb"sv, "/\0"sv, "/\x7f"sv, "/a#b"sv}) {
        CAPTURE(text);
        CHECK_FALSE(parse_target(text));
    }
    CHECK(parse_target("/é")); // not by the grammar, but clients send it
}
