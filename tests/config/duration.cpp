// Tests of config/duration.
#include "config/duration.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

using namespace std::chrono_literals;

std::string complaint_about(std::string_view text) {
    const auto parsed = parse_duration(text);
    return parsed ? "" : parsed.error();
}

TEST_CASE("a duration is a whole number and its unit") {
    CHECK(parse_duration("1ms") == 1ms);
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("5s") == 5s);
    CHECK(parse_duration("007s") == 7s);
    CHECK(parse_duration("2m") == 2min);
    CHECK(parse_duration("1h") == 1h);
}

TEST_CASE("what is no duration is refused") {
    for (const auto* text :
         {"", "5", "s", "5x", "5 s", " 5s", "5s ", "1.5s", "+5s", "5S", "5sec", "1m30s", "0x5s", "5us"}) {
        INFO(text);
        CHECK(complaint_about(text) == "not a duration; write 250ms, 5s or 2m");
    }
}

TEST_CASE("a duration is longer than zero and at most a day") {
    CHECK(complaint_about("0s") == "must be longer than zero");
    CHECK(complaint_about("0ms") == "must be longer than zero");
    CHECK(complaint_about("-5s") == "must be longer than zero");
    CHECK(parse_duration("24h") == 24h);
    CHECK(parse_duration("86400000ms") == 24h);
    CHECK(complaint_about("25h") == "must be at most 24h");
    CHECK(complaint_about("86400001ms") == "must be at most 24h");
    CHECK(complaint_about("9223372036854775807h") == "must be at most 24h");
    CHECK(complaint_about("99999999999999999999s") == "must be at most 24h");
}

TEST_CASE("a duration is written in the largest unit that holds it") {
    CHECK(to_string(5s) == "5s");
    CHECK(to_string(1500ms) == "1500ms");
    CHECK(to_string(120s) == "2m");
    CHECK(to_string(24h) == "24h");
    CHECK(to_string(0ms) == "0s");
}

} // namespace
} // namespace muster::config
