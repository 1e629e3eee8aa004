// tests of upstream/person_parser: one test a kind of bad line, each with the field and the reason that are told.
#include "upstream/person_parser.hpp"

#include "person_lines.hpp"
#include "upstream/sample_people.hpp"
#include "views/documents.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace muster::upstream;
using namespace muster::upstream::test;

namespace {

std::string fault(const std::string& line) {
    person_parser parser;
    const auto parsed = parser.parse(line);
    return parsed ? "" : parsed.error().field + ": " + parsed.error().reason;
}

// What is said when `from` in a good line is `to` instead.
std::string fault_with(std::string_view from, std::string_view to) {
    return fault(with(whole_line(), from, to));
}

const std::string id_reason = "must be a whole number from 1 to 9223372036854775807";

} // namespace

TEST_CASE("a whole line is a person") {
    person_parser parser;
    const auto parsed = parser.parse(whole_line());
    REQUIRE(parsed.has_value());
    CHECK(*parsed ==
          person{{user_id{7}, "Ada", "ada@b", 1'714'564'800},
                 profile{user_id{7}, "moths", "London", "https://a.example/", "en"},
                 {{1, user_id{7}, "one", "eins", 1'714'651'200}, {2, user_id{7}, "two", "zwei", 1'714'737'600}}});
    CHECK_FALSE(find_fault(*parsed).has_value());
}

TEST_CASE("a profile may be null or absent, posts absent or none, and blanks are free") {
    person_parser parser;
    for (const auto& line : {person_line("9"), with(person_line("9"), "}}", R"(},"profile":null,"posts":[]})"),
                             " \t" + person_line("9") + " \r"}) {
        const auto parsed = parser.parse(line);
        REQUIRE(parsed.has_value());
        CHECK(parsed->who.id == user_id{9});
        CHECK_FALSE(parsed->about.has_value());
        CHECK(parsed->posts.empty());
    }
    CHECK(fault(person_line("9223372036854775807")) == "");
}

TEST_CASE("all that the API writes of the sample people is read back the same, in every script") {
    person_parser parser;
    for (const auto& each : sample_people()) {
        std::string line;
        muster::views::append_json(line, muster::views::user_document{each.who, each.about, each.posts});
        const auto parsed = parser.parse(line);
        REQUIRE(parsed.has_value());
        CHECK(*parsed == each);
        CHECK_FALSE(find_fault(each).has_value());
    }
}

TEST_CASE("a line that is cut short is told with the field in which it ends") {
    const auto line = whole_line();
    CHECK(fault(line.substr(0, line.find("eins"))) == "posts[0].body: is cut short: the JSON does not end");
    CHECK(fault(line.substr(0, line.size() - 1)) == "posts: is cut short: the JSON does not end");
    CHECK(fault("{") == ": is cut short: the JSON does not end");
    for (std::size_t length = 0; length < line.size(); ++length)
        CHECK(fault(line.substr(0, length)) != "");
}

TEST_CASE("what is no JSON is told with the byte") {
    CHECK(fault("x") == ": is not valid JSON (at byte 1)");
    CHECK(fault_with(R"("name":"Ada")", R"("name":Ada)") == "user.name: is not valid JSON (at byte 24)");
    CHECK(fault_with(R"("posts")", "'posts'").contains("is not valid JSON"));
    CHECK(fault(whole_line() + whole_line()).contains("is not valid JSON (at byte "));
    CHECK(fault(whole_line() + ",").contains("is not valid JSON (at byte "));
    CHECK(fault_with("Ada", "A\nda").contains("user.name: is not valid JSON"));
    CHECK(fault_with("\"Ada\"", R"("\ud800")").starts_with("user.name: is not valid"));
    CHECK(fault_with(":7,", ":07,").starts_with("user.id: is not valid JSON"));
    CHECK(fault_with(":7,", ":NaN,").starts_with("user.id: is not valid JSON"));
}

TEST_CASE("what is JSON but no object of the format is told") {
    CHECK(fault("[]") == ": must be an object, not a list");
    CHECK(fault("7") == ": must be an object, not a number");
    CHECK(fault("{}") == "user: is missing");
    CHECK(fault("null") == ": must be an object, not null");
    CHECK(fault(std::string(2000, '[') + std::string(2000, ']')).contains("is nested too deeply"));
    CHECK(fault(std::string(100'000, '[')).contains("is nested too deeply"));
}

TEST_CASE("a value of the wrong type is told with both types") {
    CHECK(fault_with(":7,", ":\"7\",") == "user.id: must be a whole number, not a text");
    CHECK(fault_with("\"Ada\"", "5") == "user.name: must be a text, not a number");
    CHECK(fault_with("\"Ada\"", "null") == "user.name: must be a text, not null");
    CHECK(fault_with("\"moths\"", "true") == "profile.bio: must be a text, not true or false");
    CHECK(fault_with("\"2024-05-01T12:00:00Z\"", "1714564800") ==
          "user.created_at: must be a time in quotes, not a number");
    CHECK(fault(with(person_line("9"), "}}", R"(},"profile":[]})")) == "profile: must be an object, not a list");
    CHECK(fault(with(person_line("9"), "}}", R"(},"posts":{}})")) == "posts: must be a list, not an object");
    CHECK(fault(with(person_line("9"), "}}", R"(},"posts":null})")) == "posts: must be a list, not null");
    CHECK(fault(with(person_line("9"), "}}", R"(},"posts":[[]]})")) == "posts[0]: must be an object, not a list");
}

TEST_CASE("a missing field is told") {
    CHECK(fault_with(R"("id":7,)", "") == "user.id: is missing");
    CHECK(fault_with(R"("name":"Ada",)", "") == "user.name: is missing");
    CHECK(fault_with(R"("bio":"moths",)", "") == "profile.bio: is missing");
    CHECK(fault_with(R"("title":"two",)", "") == "posts[1].title: is missing");
}

TEST_CASE("a field that the format does not have, or that stands twice, is told") {
    CHECK(fault_with(R"("name")", R"("nick":"x","name")") == "user.nick: is no field of this format");
    CHECK(fault_with(R"("posts")", R"("post")") == "post: is no field of this format");
    CHECK(fault_with(R"("name")", R"("":"x","name")") == "user.\"\": is no field of this format");
    CHECK(fault_with(R"("name")", R"("id":7,"name")") == "user.id: is there twice");
    CHECK(fault_with(R"("profile")", R"("user":{},"profile")") == "user: is there twice");
}

TEST_CASE("an id is a whole number from 1 to 2^63-1") {
    for (const auto* bad :
         {"0", "-1", "1.0", "1e3", "-0", "9223372036854775808", "18446744073709551616", "99999999999999999999999999"}) {
        INFO(bad);
        CHECK(fault(person_line(bad)) == "user.id: " + id_reason);
    }
    CHECK(fault_with(R"("id":2)", R"("id":0)") == "posts[1].id: " + id_reason);
}

TEST_CASE("the ids of the posts differ") {
    CHECK(fault(person_line("9", {5, 3, 4, 3})) == "posts[3].id: 3 is also that of posts[1]");
}

TEST_CASE("text that is not UTF-8 is told") {
    CHECK(fault_with("Ada", "A\xff") == "user.name: is not valid UTF-8 (at byte 26)");
    CHECK(fault_with("eins", "\xc3").starts_with("posts[0].body: is not valid UTF-8"));
    CHECK(fault_with("Ada", "\xed\xa0\x80").starts_with("user.name: is not valid UTF-8"));
}

TEST_CASE("a NUL is told, written out or not") {
    CHECK(fault_with("Ada", R"(A\u0000)") == "user.name: holds a NUL (U+0000)");
    CHECK(fault_with("Ada", std::string_view("A\0", 2)) == ": holds a NUL byte");
    CHECK(fault(whole_line() + std::string(1, '\0')) == ": holds a NUL byte");
}

TEST_CASE("a byte order mark before a line is told") {
    CHECK(fault("\xef\xbb\xbf" + whole_line()) ==
          ": begins with a byte order mark, which may stand at the file's start only");
}

TEST_CASE("a carriage return is a blank between values and nothing else") {
    CHECK(fault(whole_line() + "\r") == "");
    CHECK(fault_with("Ada", "A\rda").starts_with("user.name: is not valid JSON"));
}

TEST_CASE("times, websites and languages are as the API promises them") {
    CHECK(fault_with("2024-05-01T12:00:00Z", "2024-05-01") ==
          "user.created_at: must be a time such as 2024-05-01T12:00:00Z");
    CHECK(fault_with("https://a.example/", "javascript:alert(1)") ==
          "profile.website: must be empty or a URL such as https://ada.example/");
    CHECK(fault_with("\"en\"", "\"english please\"") == "profile.language: must be a language tag such as en or pt-BR");
}

TEST_CASE("a parser goes on after bad lines, long ones and short ones") {
    person_parser parser;
    CHECK_FALSE(parser.parse("{").has_value());
    const auto big = with(whole_line(), "eins", std::string(2'000'000, 'x'));
    CHECK(parser.parse(big)->posts[0].body.size() == 2'000'000);
    CHECK(parser.parse(person_line("1")).has_value());
    CHECK_FALSE(parser.parse("").has_value());
}

TEST_CASE("what no line can say is found in a person") {
    person_parser parser;
    const auto good = *parser.parse(whole_line());
    const auto found = [&](auto change) {
        auto bad = good;
        change(bad);
        const auto fault = find_fault(bad);
        return fault ? fault->field + ": " + fault->reason : "";
    };
    CHECK(found([](person& p) { p.who.id = user_id{0}; }) == "user.id: " + id_reason);
    CHECK(found([](person& p) { p.who.name = "\xff"; }) == "user.name: is not valid UTF-8");
    CHECK(found([](person& p) { p.who.created_at = 253'402'300'800; }) ==
          "user.created_at: is outside the years 0001 to 9999");
    CHECK(found([](person& p) { p.about->website = "x"; }).starts_with("profile.website: "));
    CHECK(found([](person& p) { p.about->language = ""; }).starts_with("profile.language: "));
    CHECK(found([](person& p) { p.posts[1].body = std::string(1, '\0'); }) == "posts[1].body: holds a NUL (U+0000)");
    CHECK(found([](person& p) { p.posts[0].id = -3; }) == "posts[0].id: " + id_reason);
}
