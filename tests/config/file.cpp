// Tests of config/file.
#include "config/file.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>

namespace muster::config {
namespace {

std::string complaint_about(std::string_view text) {
    const auto parsed = parse_file(text);
    return parsed ? "" : parsed.error();
}

TEST_CASE("the tree knows the line of each value") {
    const auto root = parse_file("{ // comment\n"
                                 "  \"a\": 1, /* two\n"
                                 "  lines */ \"b\":\n"
                                 "    [\"x\",\n"
                                 "     true],\n"
                                 "  \"c\": {\"d\": null}\n"
                                 "}\n");
    REQUIRE(root.has_value());
    CHECK(root->is == file_value::type::object);
    CHECK(root->line == 1);
    REQUIRE(root->members.size() == 3);
    const auto& a = root->members[0];
    CHECK(a.name == "a");
    CHECK(a.is == file_value::type::number);
    CHECK(a.text == "1");
    CHECK(a.line == 2);
    const auto& b = root->members[1];
    CHECK(b.name == "b");
    CHECK(b.line == 3); // of its name
    REQUIRE(b.members.size() == 2);
    CHECK(b.members[0].text == "x");
    CHECK(b.members[0].line == 4);
    CHECK(b.members[1].is == file_value::type::boolean);
    CHECK(b.members[1].line == 5);
    const auto& c = root->members[2];
    CHECK(c.members.at(0).name == "d");
    CHECK(c.members.at(0).is == file_value::type::null);
    CHECK(c.members.at(0).line == 6);
}

TEST_CASE("numbers keep what was written") {
    const auto root = parse_file(R"({"a": -3, "b": 4.50, "c": 99999999999999999999, "d": 1e3})");
    REQUIRE(root.has_value());
    CHECK(root->members[0].text == "-3");
    CHECK(root->members[1].text == "4.50");
    CHECK(root->members[2].text == "99999999999999999999");
    CHECK(root->members[3].text == "1e3");
}

TEST_CASE("a syntax error names line and column") {
    CHECK(complaint_about("{\n  \"a\": 1,\n  }\n").starts_with("3:3: "));
    CHECK(complaint_about("{\"a\" 1}").starts_with("1:6: "));
    CHECK(complaint_about("{\"a\": \"x\ny\"}").starts_with("1:9: "));
    CHECK(complaint_about("").starts_with("1:1: "));
    CHECK(complaint_about("{} x").starts_with("1:4: "));
    CHECK(complaint_about("{\"a\": \"\xff\"}").find("UTF-8") != std::string::npos);
}

TEST_CASE("a syntax error does not repeat the text it stumbled over") {
    const auto complaint = complaint_about("{\"data\" \"postgres://me:secret@host\"}");
    CHECK(complaint.starts_with("1:"));
    CHECK_FALSE(complaint.contains("secret"));
    CHECK_FALSE(complaint.contains('\n'));
    CHECK_FALSE(complaint_about("{\"data\": \"postgres://me:secret@host").contains("secret"));
}

TEST_CASE("the outermost value is an object") {
    for (const auto* text : {"[]", "3", "\"x\"", "null"})
        CHECK(complaint_about(text).ends_with(": the file must hold an object: { ... }"));
}

TEST_CASE("a name that stands twice is an error") {
    CHECK(complaint_about("{\"a\": 1,\n\"b\": 2,\n\"a\": 3}") == "3:3: \"a\" stands twice, first in line 1");
    CHECK(complaint_about(R"({"a": {"b": 1}, "b": {"b": 2}})") == "");
}

TEST_CASE("deep nesting is refused before it costs anything") {
    const std::string deep = "{\"a\":" + std::string(100'000, '[');
    CHECK(complaint_about(deep) == "1:13: nested too deeply");
}

TEST_CASE("only a regular file of sensible size is read") {
    const scratch_directory scratch;
    CHECK(read_whole_file(scratch.write("a", "text")) == "text");
    CHECK(read_whole_file(scratch.write("b", "")) == "");
    CHECK(read_whole_file((scratch.path() / "none").string()).error() == "cannot be read: No such file or directory");
    CHECK(read_whole_file((scratch.path() / "a" / "x").string()).error() == "cannot be read: Not a directory");
    CHECK(read_whole_file(scratch.path().string()).error() == "is not a regular file");
    CHECK(read_whole_file("/dev/zero").error() == "is not a regular file");
    const std::string megabyte(1024 * 1024, 'x');
    CHECK(read_whole_file(scratch.write("c", megabyte)) == megabyte);
    CHECK(read_whole_file(scratch.write("d", megabyte + 'x')).error() == "is larger than 1 MiB");
}

TEST_CASE("a pipe that nobody writes to does not hold up the start") {
    const scratch_directory scratch;
    const auto pipe = (scratch.path() / "pipe").string();
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(read_whole_file(pipe).error() == "is not a regular file");
}

} // namespace
} // namespace muster::config
