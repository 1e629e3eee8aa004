// tests of upstream/person_rules.
#include "upstream/person_rules.hpp"

#include "views/timestamp.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace muster::upstream;

TEST_CASE("text is UTF-8 without U+0000") {
    CHECK(fault_of_text("").empty());
    CHECK(fault_of_text("\xe0\xb0\xb5 \xf0\x9f\x8f\x96 \x01").empty());
    CHECK(fault_of_text("\xff") == "is not valid UTF-8");
    CHECK(fault_of_text("\xed\xa0\x80") == "is not valid UTF-8"); // a surrogate
    CHECK(fault_of_text(std::string_view("a\0b", 3)) == "holds a NUL (U+0000)");
}

TEST_CASE("a website is empty or an absolute http(s) URL") {
    for (const auto* good :
         {"", "https://ada.example/", "http://a", "HTTPS://A.example", "https://h?q#f", "https://\xe0\xb0\xb5.example/",
          "https://a:80/", "http://[::1]:80/", "https://a/@ada", "https://a?q=u@x", "https://a#u@x"})
        CHECK(fault_of_website(good).empty());
    for (const auto* bad :
         {"ada.example", "//ada.example", "javascript:alert(1)", "ftp://a", "https://", "https:///x", "http://a b",
          "https://a\n", " https://a", "mailto:a@b", "https://:80/", "http://:", "http://?q"})
        CHECK(fault_of_website(bad) == "must be empty or a URL such as https://ada.example/");
    for (const auto* bad :
         {"https://user:pw@example.org/", "http://u@/x", "http://@a/", "https://u@a?q", "http://a@b@c#f"})
        CHECK(fault_of_website(bad) ==
              "names a user or a password in front of @, which everybody would be served: leave them out");
}

TEST_CASE("a language looks like a tag") {
    for (const auto* good : {"en", "pt-BR", "zh-Hant-TW", "de-1996", "x-private", "sr-Latn-RS"})
        CHECK(fault_of_language(good).empty());
    for (const auto* bad : {"", "-", "en-", "-en", "en--US", "en_US", "englishlong", "1en", "e n", "\xc3\xa4"})
        CHECK(fault_of_language(bad) == "must be a language tag such as en or pt-BR");
}

TEST_CASE("a time is read in the one form in which it is written, and back") {
    for (const std::int64_t moment :
         {-62'135'596'800LL, -1LL, 0LL, 951'782'400LL, 1'714'564'800LL, 253'402'300'799LL}) {
        const auto text = muster::views::rfc3339(moment);
        REQUIRE(text.has_value());
        CHECK(parse_time({text->data(), text->size()}) == moment);
        CHECK(fault_of_time(moment).empty());
    }
    CHECK(fault_of_time(-62'135'596'801) == "is outside the years 0001 to 9999");
    CHECK_FALSE(fault_of_time(253'402'300'800).empty());
    for (const auto* bad :
         {"", "2024-05-01", "2024-05-01T12:00:00", "2024-05-01T12:00:00+02:00", "2024-05-01T12:00:00.5Z",
          "2024-05-01t12:00:00z", "2024-05-01 12:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z",
          "2024-00-10T00:00:00Z", "2024-01-00T00:00:00Z", "2024-05-01T24:00:00Z", "2024-05-01T12:60:00Z",
          "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "+024-05-01T12:00:00Z", "2024-05-01T12:00:0xZ"}) {
        INFO(bad);
        CHECK_FALSE(parse_time(bad).has_value());
    }
    CHECK(parse_time("2024-02-29T00:00:00Z").has_value());
}
