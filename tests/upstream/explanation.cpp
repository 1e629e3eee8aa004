// tests of upstream/explanation: what is read of a far side's problem document, and that nothing else is.
#include "upstream/explanation.hpp"

#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace muster::upstream;
using namespace std::chrono_literals;

namespace {

explanation read(const std::string& json) {
    const auto made = read_explanation(json);
    REQUIRE(made != nullptr);
    return *made;
}

// The first child of a document with that child alone.
explanation::child child_of(const std::string& json) {
    const auto parent = read(R"({"status":504,"children":[)" + json + "]}");
    REQUIRE(parent.children.size() == 1);
    return parent.children[0];
}

std::string nested(int depth) {
    std::string json = R"({"status":504,"cause":"deadline_exceeded"})";
    for (int i = 1; i < depth; ++i)
        json = R"({"status":504,"cause":"source_timed_out","children":[{"source":"s)" + std::to_string(i) +
               R"(","upstream":)" + json + "}]}";
    return json;
}

int depth_of(const std::shared_ptr<const explanation>& why) {
    return why == nullptr ? 0 : 1 + (why->children.empty() ? 0 : depth_of(why->children[0].upstream));
}

} // namespace

TEST_CASE("an explanation is rebuilt from a problem document") {
    const auto made =
        read(R"({"type":"about:blank","title":"Gateway Timeout","status":504,"detail":"<b>","request_id":"r-1",)"
             R"("cause":"deadline_exceeded","budget_ms":5000,"elapsed_ms":5001,"children":[{"source":"posts",)"
             R"("state":"waiting","wait":"read","elapsed_ms":4990,"attempts":2,"upstream":{"status":502,)"
             R"("cause":"source_failed","children":[{"source":"db.1","state":"failed","failure":"reset"}]}}]})");
    explanation inner{.status = 502, .cause = "source_failed"};
    inner.children.push_back({.source = "db.1", .state = "failed", .failure = "reset"});
    explanation outer{.status = 504, .cause = "deadline_exceeded", .budget = 5000ms, .elapsed = 5001ms};
    outer.children.push_back({.source = "posts",
                              .state = "waiting",
                              .wait = "read",
                              .elapsed = 4990ms,
                              .attempts = 2,
                              .upstream = std::make_shared<explanation>(inner)});
    CHECK(made == outer);
}

TEST_CASE("every word of an explanation is read, and no other") {
    for (const auto& word : explanations::causes)
        CHECK(read(R"({"cause":")" + std::string(word) + R"("})").cause == word);
    for (const auto& word : explanations::states)
        CHECK(child_of(R"({"state":")" + std::string(word) + R"("})").state == word);
    for (const auto& word : explanations::waits)
        CHECK(child_of(R"({"wait":")" + std::string(word) + R"("})").wait == word);
    for (std::size_t i = 0; i < failures; ++i) {
        const std::string word = to_string(static_cast<failure>(i));
        CHECK(child_of(R"({"failure":")" + word + R"("})").failure == word);
    }
    CHECK(read(R"({"cause":"because","budget_ms":1})").cause.empty());
    const auto strange = child_of(R"({"source":"x","state":"READ","wait":"<script>","failure":"","elapsed_ms":"1"})");
    CHECK(strange == explanation::child{.source = "x"});
}

TEST_CASE("a name in an explanation is a plain one") {
    const std::string longest(64, 'x');
    for (const auto& name : {std::string("posts"), std::string("A-z_0.9"), longest})
        CHECK(child_of(R"({"state":"failed","source":")" + name + R"("})").source == name);
    for (const auto& name : {std::string(), std::string("a b"), longest + "x", std::string("http://x"),
                             std::string("é"), std::string(R"(\u0000)"), std::string(R"(a\n)")})
        CHECK(child_of(R"({"state":"failed","source":")" + name + R"("})").source.empty());
}

TEST_CASE("a number in an explanation is a whole one within its range") {
    const auto budget = [](const std::string& number) {
        return read(R"({"cause":"overloaded","budget_ms":)" + number + "}").budget;
    };
    CHECK(budget("0") == 0ms);
    CHECK(budget("604800000") == 604'800'000ms);
    for (const auto* number : {"-1", "604800001", "1.0", "1e3", "18446744073709551615", R"("5")", "null", "[1]"})
        CHECK_FALSE(budget(number));
    CHECK(child_of(R"({"source":"a","attempts":1000000})").attempts == 1'000'000);
    CHECK(child_of(R"({"source":"a","attempts":1000001})").attempts == 0);
    CHECK(child_of(R"({"source":"a","elapsed_ms":-1})").elapsed == 0ms);
    for (const auto* status : {"399", "600", "200", "-504", R"("504")"})
        CHECK(read(R"({"cause":"overloaded","status":)" + std::string(status) + "}").status == 0);
}

TEST_CASE("what explains nothing is no explanation") {
    for (const auto* json :
         {"", " ", "null", "1", "[]", R"("text")", "{}", R"({"status":504})", R"({"status":404,"detail":"no"})",
          R"({"children":[]})", R"({"children":[{},{"x":1},3,null]})", R"({"children":{"source":"posts"}})",
          R"({"cause":"deadline_exceeded")", R"({"cause":"deadline_exceeded"}})", "{\"cause\":\"overloaded\"}\xff",
          R"({"children":[{"upstream":{"children":[{"upstream":{}}]}}]})"})
        CHECK(read_explanation(json) == nullptr);
    CHECK(read_explanation(R"( {"cause":"overloaded"} )") != nullptr);
}

TEST_CASE("explanations are read four deep") {
    CHECK(depth_of(read_explanation(nested(1))) == 1);
    CHECK(depth_of(read_explanation(nested(4))) == 4);
    CHECK(depth_of(read_explanation(nested(5))) == 4);
    CHECK(depth_of(read_explanation(nested(15))) == 4);
    CHECK(read_explanation(nested(1000)) == nullptr); // deeper than anybody looks
}

TEST_CASE("as many children are read of an explanation as it may have") {
    const auto list = [](std::size_t n, const std::string& child) {
        std::string json = R"({"cause":"overloaded","children":[)";
        for (std::size_t i = 0; i < n; ++i)
            json += (i == 0 ? "" : ",") + child;
        return json + "]}";
    };
    CHECK(read(list(16, R"({"source":"a"})")).children.size() == 16);
    CHECK(read(list(17, R"({"source":"a"})")).children.size() == 16);
    // In all, those within included: three with 16 each, and one with the 12 that are left.
    const auto wide = read(list(8, R"({"source":"a","upstream":)" + list(16, R"({"source":"b"})") + "}"));
    std::size_t in_all = 0;
    for (const auto& child : wide.children)
        in_all += 1 + (child.upstream ? child.upstream->children.size() : 0);
    CHECK(in_all == explanations::most_in_all);
}

TEST_CASE("a document that is too long to look at is none") {
    const std::string json = R"({"cause":"overloaded"})";
    CHECK(read_explanation(json + std::string(explanations::longest_text - json.size(), ' ')) != nullptr);
    CHECK(read_explanation(json + std::string(explanations::longest_text - json.size() + 1, ' ')) == nullptr);
}
