// tests of handlers/percent: escapes, broken ones, and the form encoding of queries.
#include "handlers/percent.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using namespace muster::handlers;
using namespace std::literals;

namespace {

std::string decoded(std::string_view text) {
    std::string out;
    append_percent_decoded(out, text);
    return out;
}

} // namespace

TEST_CASE("percent escapes of either case are decoded, to any byte") {
    CHECK(decoded("") == "");
    CHECK(decoded("plain+plus") == "plain+plus");
    CHECK(decoded("%31%2f%2F%c3%A9") == "1//é");
    CHECK(decoded("a%00b") == "a\0b"sv);
    CHECK(decoded("%2531") == "%31"); // once, never twice
    CHECK(percent_valid("%31%2f%00%FFx"));
    CHECK(percent_valid(""));
}

TEST_CASE("a percent sign that begins no escape is told, and kept by decoding") {
    for (const auto* text : {"%", "a%", "%3", "%zz", "%3g", "%g3", "%%31x", "%31%", "% 1", "%-1"}) {
        CAPTURE(text);
        CHECK_FALSE(percent_valid(text));
    }
    CHECK(decoded("%") == "%");
    CHECK(decoded("100%25%") == "100%%");
    CHECK(decoded("%zz%31") == "%zz1");
}

TEST_CASE("a query's parameter is found by its decoded name") {
    CHECK(query_value("limit=5&format=json", "format") == "json");
    CHECK(query_value("l%69mit=%35", "limit") == "5");
    CHECK(query_value("q=a+b%2Bc%26d", "q") == "a b+c&d");
    CHECK(query_value("x=1=2", "x") == "1=2");
}

TEST_CASE("the first of several parameters counts, an absent one is nothing, one without value is empty") {
    CHECK(query_value("a=1&a=2", "a") == "1");
    CHECK(query_value("ab=1", "a") == std::nullopt);
    CHECK(query_value("", "a") == std::nullopt);
    CHECK(query_value("a", "a") == "");
    CHECK(query_value("a=", "a") == "");
    CHECK(query_value("&&b&a&", "a") == "");
    CHECK(query_value("&", "") == std::nullopt);
    CHECK(query_value("=1", "") == "1");
    CHECK(query_value("a=%zz%", "a") == "%zz%");
}
