// Tests of config/scalar.
#include "config/scalar.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

TEST_CASE("a number has no sign, no spaces and lies in its range") {
    CHECK(parse_number("0", 0, 9) == 0U);
    CHECK(parse_number("9", 0, 9) == 9U);
    CHECK(parse_number("18446744073709551615", 0, UINT64_MAX) == UINT64_MAX);
    for (const auto* text : {"", "x", "1x", "+1", "-1", " 1", "1 ", "1.5", "0x1", "1e3"}) {
        INFO(text);
        CHECK(parse_number(text, 1, 9).error() == "must be a whole number, 1 to 9");
    }
    for (const auto* text : {"0", "10", "18446744073709551616"}) {
        INFO(text);
        CHECK(parse_number(text, 1, 9).error() == "must be 1 to 9");
    }
}

TEST_CASE("a switch knows the usual words") {
    for (const auto* text : {"true", "yes", "on", "1"})
        CHECK(parse_switch(text) == true);
    for (const auto* text : {"false", "no", "off", "0"})
        CHECK(parse_switch(text) == false);
    for (const auto* text : {"", "TRUE", "2", "maybe"})
        CHECK(parse_switch(text).error() == "must be true or false");
}

TEST_CASE("a shown value stays on one line, keeps secrets and has an end") {
    CHECK(shown_value("5x") == "5x");
    CHECK(shown_value("") == R"("")");
    CHECK(shown_value("a b") == R"("a b")");
    CHECK(shown_value("a\nb\x1b[31m\x7f") == R"(a\x0ab\x1b[31m\x7f)");
    CHECK(shown_value("postgres://me:secret@host/db") == "postgres://me:***@host/db");
    CHECK(shown_value(std::string(120, 'a')) == std::string(120, 'a'));
    CHECK(shown_value(std::string(121, 'a')) == std::string(120, 'a') + "...");
    CHECK(shown_value(std::string(119, 'a') + "é!") == std::string(119, 'a') + "..."); // no half character
    const auto long_password = "http://me:" + std::string(200, 'x') + "@host";
    CHECK(shown_value(long_password) == "http://me:***@host");
}

} // namespace
} // namespace muster::config
