// tests of handlers/explanation_json: how an explanation looks to a client, and that muster reads what muster writes.
#include "handlers/explanation_json.hpp"

#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>

using namespace muster::handlers;
using namespace std::chrono_literals;
namespace limits = muster::upstream::explanations;

namespace {

std::string json_of(const explanation& why, explain how = explain::full) {
    std::string text;
    muster::views::json_writer writer(text);
    writer.begin_object();
    writer.key("status").number(why.status);
    append_members(writer, why, how);
    writer.end_object();
    return text;
}

explanation nested(int depth) {
    explanation made{.status = 504, .cause = "deadline_exceeded", .budget = 1s, .elapsed = 1001ms};
    for (int i = 1; i < depth; ++i) {
        explanation outer{.status = 504, .cause = "source_timed_out"};
        outer.children.push_back({.source = "next", .upstream = std::make_shared<explanation>(made)});
        made = outer;
    }
    return made;
}

} // namespace

TEST_CASE("an explanation is members of a problem document, one within another") {
    explanation inner{.status = 502, .cause = "source_failed"};
    inner.children.push_back({.source = "db", .state = "failed", .failure = "reset", .elapsed = 7ms});
    explanation why{.status = 504, .cause = "deadline_exceeded", .budget = 5s, .elapsed = 5001ms};
    why.children.push_back({.source = "posts", .state = "waiting", .wait = "read", .elapsed = 4990ms, .attempts = 1});
    why.children.push_back({.source = "users", .state = "failed", .upstream = std::make_shared<explanation>(inner)});
    CHECK(json_of(why) == R"({"status":504,"cause":"deadline_exceeded","budget_ms":5000,"elapsed_ms":5001,)"
                          R"("children":[{"source":"posts","state":"waiting","wait":"read","elapsed_ms":4990,)"
                          R"("attempts":1},{"source":"users","state":"failed","elapsed_ms":0,"upstream":)"
                          R"({"status":502,"cause":"source_failed","children":[{"source":"db","state":"failed",)"
                          R"("failure":"reset","elapsed_ms":7}]}}]})");
    CHECK(json_of(why, explain::minimal) == R"({"status":504,"cause":"deadline_exceeded","budget_ms":5000})");
    CHECK(json_of({}) == R"({"status":0})");
}

TEST_CASE("what muster writes of a failure muster reads back in full") {
    explanation why{.status = 503, .cause = "overloaded", .budget = 0ms, .elapsed = limits::longest_time};
    for (const auto state : limits::states)
        why.children.push_back({.source = "a.b-c_1", .state = std::string(state), .attempts = limits::most_attempts});
    for (std::size_t i = 0; i < muster::upstream::failures; ++i)
        why.children.push_back({.state = "failed", .failure = to_string(static_cast<muster::upstream::failure>(i))});
    why.children.push_back({.source = "the-last", .elapsed = 1ms});
    REQUIRE(why.children.size() == limits::most_children);
    explanation waits{.status = 504, .cause = "deadline_exceeded"};
    for (const auto wait : limits::waits)
        waits.children.push_back({.source = "x", .state = "waiting", .wait = std::string(wait), .elapsed = 1ms});
    why.children[0].upstream = std::make_shared<explanation>(waits);
    why.children[1].upstream = std::make_shared<explanation>(nested(limits::deepest - 1));
    const auto read = muster::upstream::read_explanation(json_of(why));
    REQUIRE(read != nullptr);
    CHECK(*read == why);
}

TEST_CASE("what lies beyond the limits of the reader is not written") {
    explanation why{.status = 504, .budget = -1ms, .elapsed = limits::longest_time + 1ms};
    why.children.push_back({.source = "a", .elapsed = -7ms, .attempts = limits::most_attempts + 1});
    CHECK(json_of(why) == R"({"status":504,"budget_ms":0,"elapsed_ms":604800000,)"
                          R"("children":[{"source":"a","elapsed_ms":0,"attempts":1000000}]})");
    const auto depth = [](const std::string& json) {
        int found = 0;
        for (auto at = json.find("\"upstream\""); at != json.npos; at = json.find("\"upstream\"", at + 1))
            ++found;
        return found;
    };
    CHECK(depth(json_of(nested(5))) == 4); // a far side's four below ours
    CHECK(depth(json_of(nested(9))) == 4);
}
