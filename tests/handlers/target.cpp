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

TEST_CASE("the scheme of the absolute form is told") {
    CHECK(parse_target("HTTPS://h/")->https);
    CHECK_FALSE(parse_target("http://h/")->https);
    CHECK_FALSE(parse_target("/")->https);
}

TEST_CASE("what a path or a query may hold is let through as it is") {
    const auto all = parse_target("/-._~!$&'()*+,;=:@/%20%2F%00?-._~!$&'()*+,;=:@/?%ff");
    REQUIRE(all);
    CHECK(all->path == "/-._~!$&'()*+,;=:@/%20%2F%00");
    CHECK(all->query == "-._~!$&'()*+,;=:@/?%ff");
    CHECK(parse_target("/../a/./b")->path == "/../a/./b"); // no normalisation: no route has such segments
}

TEST_CASE("the asterisk is a form of its own") {
    REQUIRE(parse_target("*"));
    CHECK(parse_target("*")->form == target_form::asterisk);
    CHECK_FALSE(parse_target("*/"));
}

TEST_CASE("whatever is no request target is refused") {
    for (const auto text : {""sv,
                            "user/1"sv,
                            "?x"sv,
                            "example.org:443"sv,
                            "ftp://h/"sv,
                            "http:/h/"sv,
                            "http://"sv,
                            "http:///x"sv,
                            "http://:80/"sv,
                            "http://me@h/"sv,
                            "/a b"sv,
                            "/a\tb"sv,
                            "/a\r\nb"sv,
                            "/\0"sv,
                            "/\x7f"sv,
                            "/a#b"sv,
                            "/é"sv,
                            "/a?é"sv,
                            "/%"sv,
                            "/%4"sv,
                            "/%zz"sv,
                            "/?%zz"sv,
                            "/?a=%"sv,
                            "/<"sv,
                            "/a\\b"sv,
                            "/a|b"sv,
                            "/{a}"sv,
                            "/a^b"sv,
                            "/`"sv,
                            "/\""sv,
                            "/[a]"sv,
                            "/?a[]=1"sv,
                            "/?a|b"sv,
                            "/?#"sv,
                            "#"sv,
                            "http://h#x"sv,
                            "http://h/#x"sv,
                            "http://me:pw@h/"sv,
                            "http://@h/"sv,
                            "**"sv,
                            "*?"sv,
                            "\\livez"sv,
                            "http:\\\\h/"sv,
                            "mailto:a@b"sv}) {
        CAPTURE(text);
        const auto parsed = parse_target(text);
        CHECK_FALSE(parsed);
        CHECK_FALSE((parsed ? ""sv : parsed.error()).empty()); // it says why
    }
}
