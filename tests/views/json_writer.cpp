// tests of views/json_writer: what is written, nlohmann's parser (which refuses ill-formed UTF-8) reads back.
#include "views/json_writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using muster::views::append_json_string;
using muster::views::json_writer;
using namespace std::literals;

namespace {

std::string written(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string round_trip(std::string_view text) {
    return nlohmann::json::parse(written(text)).get<std::string>();
}

// How often `part` must be replaced; it is tried at every offset of an eight-byte word, at the end and in the middle.
void replaced(std::string_view part, int times) {
    CAPTURE(nlohmann::json::binary({part.begin(), part.end()}).dump());
    std::string expected;
    for (int i = 0; i < times; ++i)
        expected += "\uFFFD";
    for (std::size_t before = 0; before < 9; ++before) {
        const std::string head(before, 'x');
        CHECK(written(head + std::string(part)) == '"' + head + expected + '"');
        CHECK(written(head + std::string(part) + "é tail \"") == '"' + head + expected + "é tail \\\"\"");
    }
}

} // namespace

TEST_CASE("text without anything to escape is copied") {
    CHECK(written("") == R"("")");
    CHECK(written(std::string_view{}) == R"("")");
    CHECK(written("Ada Lovelace, 1815 / London") == R"("Ada Lovelace, 1815 / London")");
    CHECK(written("\x7f") == "\"\x7f\"");
}

TEST_CASE("quote, backslash and every control character are escaped at every offset") {
    CHECK(written("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
    CHECK(written("\0\x01\x1f"sv) == R"("\u0000\u0001\u001f")");
    for (int byte = 0; byte < 0x80; ++byte) {
        for (std::size_t before = 0; before < 17; ++before) {
            const auto text = std::string(before, 'a') + static_cast<char>(byte) + std::string(9, 'b');
            const auto json = written(text);
            CHECK(round_trip(text) == text);
            for (const char c : json)
                CHECK(static_cast<unsigned char>(c) >= 0x20);
        }
    }
}

TEST_CASE("UTF-8 is kept, from the first to the last character of each length") {
    for (const auto text :
         {"\u0080"sv, "\u07FF"sv, "\u0800"sv, "\uD7FF"sv, "\uE000"sv, "\uFFFD"sv, "\uFFFF"sv, "\U00010000"sv,
          "\U0010FFFF"sv, "Жанна 北京 अदिति 👩‍💻 é"sv, "\u2028\u2029"sv}) {
        CAPTURE(text);
        CHECK(written(text) == '"' + std::string(text) + '"');
        CHECK(round_trip(text) == text);
    }
}

TEST_CASE("each class of ill-formed UTF-8 is replaced by maximal subparts") {
    replaced("\x80", 1);                             // a continuation byte alone
    replaced("\xBF\x80", 2);                         // two of them
    replaced("\xC0\xAF", 2);                         // overlong by two bytes: no such lead
    replaced("\xC1\xBF", 2);                         //
    replaced("\xE0\x80\xAF", 3);                     // overlong by three
    replaced("\xE0\x9F\xBF", 3);                     //
    replaced("\xF0\x80\x80\xAF", 4);                 // overlong by four
    replaced("\xF0\x8F\xBF\xBF", 4);                 //
    replaced("\xED\xA0\x80", 3);                     // the first surrogate
    replaced("\xED\xBF\xBF", 3);                     // the last
    replaced("\xED\xA0\xBD\xED\xB8\x80", 6);         // CESU-8: a pair of them
    replaced("\xF4\x90\x80\x80", 4);                 // beyond U+10FFFF
    replaced("\xF5\x80\x80\x80", 4);                 // leads that do not exist
    replaced("\xFE", 1);                             //
    replaced("\xFF\xFF", 2);                         //
    replaced("\xC3", 1);                             // cut after one byte of two
    replaced("\xE2\x82", 1);                         // after two of three: one maximal subpart
    replaced("\xF0\x9F\x98", 1);                     // after three of four
    replaced("\xF0\x9F", 1);                         // after two of four
    replaced("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF", 4); // Unicode 16, table 3-11
    replaced("\xC3\xC3\xC3", 3);                     // a lead where a continuation belongs
}

TEST_CASE("Unicode's own example of replacement comes out as the standard prints it") {
    // Table 3-8 of the standard, then 3-11.
    CHECK(written("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") ==
          "\"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\x41\"");
    CHECK(written("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == "\"\uFFFD\uFFFD\uFFFD\uFFFD\x41\"");
}

TEST_CASE("random bytes always become JSON that a strict parser reads") {
    std::mt19937 random(7);
    std::uniform_int_distribution<int> byte(0, 255);
    std::uniform_int_distribution<std::size_t> length(0, 40);
    for (int i = 0; i < 5'000; ++i) {
        std::string text(length(random), '\0');
        for (auto& c : text)
            c = static_cast<char>(byte(random));
        CHECK_NOTHROW(round_trip(text));
        CHECK(round_trip(round_trip(text)) == round_trip(text));
    }
}

TEST_CASE("the same replacements as another hand's") {
    // nlohmann's dump with error_handler replace follows the same practice; it is the oracle here.
    std::mt19937 random(11);
    const std::vector<unsigned char> bytes{'a',  0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0,
                                           0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF, '"',  '\n'};
    std::uniform_int_distribution<std::size_t> pick(0, bytes.size() - 1);
    for (int i = 0; i < 20'000; ++i) {
        std::string text(6, '\0');
        for (auto& c : text)
            c = static_cast<char>(bytes[pick(random)]);
        const auto theirs = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        REQUIRE(written(text) == theirs);
    }
}

TEST_CASE("commas and nesting come out as JSON has them") {
    std::string out = "before ";
    json_writer writer(out);
    writer.begin_object();
    writer.key("a").begin_array().end_array();
    writer.key("b\"").begin_array().number(1).begin_array().number(2).end_array().null().string("x").end_array();
    writer.key("c").begin_object().key("d").boolean(true).key("e").boolean(false).end_object();
    writer.key("f").raw("[0]").key("g").begin_object().end_object();
    writer.end_object();
    CHECK(out == R"(before {"a":[],"b\"":[1,[2],null,"x"],"c":{"d":true,"e":false},"f":[0],"g":{}})");
}

TEST_CASE("64-bit integers are exact") {
    std::string out;
    json_writer writer(out);
    writer.begin_array();
    writer.number(std::numeric_limits<std::int64_t>::max()).number(std::numeric_limits<std::int64_t>::min()).number(0);
    writer.number(9'007'199'254'740'993).end_array(); // 2^53 + 1: no double
    CHECK(out == "[9223372036854775807,-9223372036854775808,0,9007199254740993]");
}

TEST_CASE("a timestamp beyond the year 9999 is null and keeps its comma") {
    std::string out;
    json_writer(out).begin_array().timestamp(0).timestamp(253'402'300'800).timestamp(-1).end_array();
    CHECK(out == R"(["1970-01-01T00:00:00Z",null,"1969-12-31T23:59:59Z"])");
}
