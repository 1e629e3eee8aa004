// tests of upstream/json_fault: where the walk stops. What people read of it is tested with the parser.
#include "upstream/json_fault.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace muster::upstream;

TEST_CASE("the field in which a line goes wrong is found through lists and objects") {
    CHECK(find_json_fault(R"({"a":{"b":[1,{"c":tru}]}})").field == "a.b[1].c");
    CHECK(find_json_fault(R"({"a":[[],[1,2,x]]})").field == "a[1][2]");
    CHECK(find_json_fault(R"({"a":1,"b":})") == bad_field{"b", "is not valid JSON (at byte 12)"});
    CHECK(find_json_fault("").reason == "is cut short: the JSON does not end");
}

TEST_CASE("the field is told in a few words, however deep and long the names are") {
    std::string line;
    for (int i = 0; i < 20; ++i)
        line += R"({"\u00e4234567890":)";
    const auto field = find_json_fault(line + "x").field;
    CHECK(field.starts_with("\u00e4234567890.\u00e4234567890."));
    CHECK(field.ends_with(".\u00e4234567..."));
    CHECK(field.size() <= 83);
    CHECK(find_json_fault(R"({")" + std::string(100'000, 'x') + R"(":y)").field == std::string(80, 'x') + "...");
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += "\u00e4";
    CHECK(find_json_fault(R"({"x)" + many + R"(":y)").field.ends_with("\u00e4...")); // not inside of a character
}

TEST_CASE("a whole number of more than 64 bits is found, a fraction is passed over") {
    CHECK(find_json_fault(R"({"x":1.5,"id":123456789012345678901234567890})").field == "id");
}

TEST_CASE("a line in which nothing is found is refused all the same") {
    CHECK(find_json_fault("{}").reason == "is not JSON that this version can read");
}
