// tests of handlers/header_list: lookup, order, and values that try to be more than values.
#include "handlers/header_list.hpp"

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using muster::handlers::header_list;
using namespace std::literals;

TEST_CASE("a header is found whatever the case of its name, the first of several") {
    header_list headers;
    CHECK(headers.find("Host") == std::nullopt);
    headers.add("Host", "localhost:8080");
    headers.add("ACCEPT", "a");
    headers.add("accept", "b");
    headers.add("X-Empty", "");
    CHECK(headers.find("host") == "localhost:8080");
    CHECK(headers.find("Accept") == "a");
    CHECK(headers.find("x-empty") == "");
    CHECK(headers.find("Hos") == std::nullopt);
    CHECK(headers.find("Host ") == std::nullopt);
    CHECK(headers.find("") == std::nullopt);
}

TEST_CASE("fields keep their order and stand as on the wire") {
    header_list headers;
    headers.add("A", " 1 \t");
    headers.add("B", "x: y");
    headers.add("A", "");
    CHECK(headers.lines() == "A: 1\r\nB: x: y\r\nA: \r\n");

    std::vector<std::pair<std::string, std::string>> seen;
    headers.for_each([&](std::string_view name, std::string_view value) { seen.emplace_back(name, value); });
    CHECK(seen == std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", "x: y"}, {"A", ""}});
}

TEST_CASE("a value cannot begin another field") {
    header_list headers;
    headers.add("X-Request-Id", "a\r\nSet-Cookie: b\0c"sv);
    CHECK(headers.lines() == "X-Request-Id: a  Set-Cookie: b c\r\n");
    CHECK(headers.find("Set-Cookie") == std::nullopt);
}

TEST_CASE("a name that is no token is refused") {
    header_list headers;
    for (const auto name : {""sv, "a b"sv, "a:"sv, "a\r\nb"sv, "é"sv, "a\0"sv})
        CHECK_THROWS_AS(headers.add(name, "x"), std::invalid_argument);
    CHECK(headers.lines() == "");
}
