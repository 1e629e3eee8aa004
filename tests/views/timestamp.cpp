// tests of views/timestamp: the edges of the calendar.
#include "views/timestamp.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace {

std::string text(std::int64_t unix_seconds) {
    const auto found = muster::views::rfc3339(unix_seconds);
    return found ? std::string(found->data(), found->size()) : "none";
}

} // namespace

TEST_CASE("seconds since the epoch become RFC 3339 in UTC") {
    CHECK(text(0) == "1970-01-01T00:00:00Z");
    CHECK(text(1'714'564'800) == "2024-05-01T12:00:00Z");
    CHECK(text(951'782'399) == "2000-02-28T23:59:59Z");
    CHECK(text(951'782'400) == "2000-02-29T00:00:00Z");   // a leap day of a century
    CHECK(text(4'107'542'400) == "2100-03-01T00:00:00Z"); // a century without one
    CHECK(text(2'147'483'648) == "2038-01-19T03:14:08Z");
}

TEST_CASE("moments before the epoch are rounded down, not towards zero") {
    CHECK(text(-1) == "1969-12-31T23:59:59Z");
    CHECK(text(-86'401) == "1969-12-30T23:59:59Z");
    CHECK(text(-2'208'988'800) == "1900-01-01T00:00:00Z");
}

TEST_CASE("only the years that RFC 3339 can say have a text") {
    CHECK(text(-62'135'596'800) == "0001-01-01T00:00:00Z");
    CHECK(text(-62'135'596'801) == "none");
    CHECK(text(253'402'300'799) == "9999-12-31T23:59:59Z");
    CHECK(text(253'402'300'800) == "none");
    CHECK(text(std::numeric_limits<std::int64_t>::max()) == "none");
    CHECK(text(std::numeric_limits<std::int64_t>::min()) == "none");
}
