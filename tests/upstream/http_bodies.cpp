// tests of upstream/http_bodies: what views write is read back; what another process makes up is refused, each with the
// field and the reason that the log tells.
#include "upstream/http_bodies.hpp"

#include "upstream/sample_people.hpp"
#include "views/documents.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace muster::upstream;
using muster::views::append_json;

namespace {

constexpr user_id ada{7};
const std::string user_body = R"({"id":7,"name":"Ada","email":"ada@b","created_at":"2024-05-01T12:00:00Z"})";
const std::string profile_body =
    R"({"bio":"moths","location":"London","website":"https://a.example/","language":"en"})";
const std::string posts_body = R"([{"id":2,"title":"two","body":"zwei","published_at":"2024-05-03T12:00:00Z"},)"
                               R"({"id":1,"title":"one","body":"eins","published_at":"2024-05-02T12:00:00Z"}])";

// Holds a body with what must be readable behind it: rubbish that would make another body of it.
class padded {
  public:
    explicit padded(std::string_view text) : bytes_(text), size_(text.size()) { bytes_.append(padded_text::size, ']'); }

    operator padded_text() const { return {std::string_view(bytes_).substr(0, size_)}; }

  private:
    std::string bytes_;
    std::size_t size_;
};

std::string with(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    REQUIRE(at != text.npos);
    return text.replace(at, from.size(), to);
}

template <class Model>
std::string said(const std::expected<Model, bad_field>& read) {
    if (read)
        return "";
    return read.error().field.empty() ? read.error().reason : read.error().field + ' ' + read.error().reason;
}

std::string fault_of_user(std::string_view body) {
    return said(body_parser().parse_user(padded(body), ada));
}

std::string fault_of_profile(std::string_view body) {
    return said(body_parser().parse_profile(padded(body), ada));
}

std::string fault_of_posts(std::string_view body, std::size_t most = 20) {
    return said(body_parser().parse_posts(padded(body), ada, most));
}

} // namespace

TEST_CASE("a body is the model that it was asked for") {
    body_parser parser;
    CHECK(parser.parse_user(padded(user_body), ada) == user{ada, "Ada", "ada@b", 1'714'564'800});
    CHECK(parser.parse_profile(padded(profile_body), ada) ==
          profile{ada, "moths", "London", "https://a.example/", "en"});
    CHECK(parser.parse_posts(padded(posts_body), ada, 2) ==
          std::vector<post>{{2, ada, "two", "zwei", 1'714'737'600}, {1, ada, "one", "eins", 1'714'651'200}});
    CHECK(parser.parse_posts(padded("[]"), ada, 0) == std::vector<post>{});
}

TEST_CASE("all that views write of the sample people is read back the same, by one parser") {
    body_parser parser;
    for (const auto& each : sample_people()) {
        std::string body;
        append_json(body, each.who);
        CHECK(parser.parse_user(padded(body), each.who.id) == each.who);
        if (each.about) {
            body.clear();
            append_json(body, *each.about);
            CHECK(parser.parse_profile(padded(body), each.who.id) == *each.about);
        }
        auto posts = each.posts;
        std::ranges::sort(posts, [](const post& a, const post& b) {
            return std::pair(a.published_at, a.id) > std::pair(b.published_at, b.id);
        });
        body.clear();
        append_json(body, std::span<const post>(posts));
        CHECK(parser.parse_posts(padded(body), each.who.id, posts.size()) == posts);
    }
}

TEST_CASE("another's body is refused") {
    CHECK(said(body_parser().parse_user(padded(user_body), user_id{8})) == "id is 7, and 8 was asked for");
}

TEST_CASE("fields that are not known are passed over, whatever they are") {
    CHECK(fault_of_user(with(user_body, "{", R"({"x":[{"id":1}],"":null,"id ":3,"x":"twice",)")) == "");
    CHECK(fault_of_profile(with(profile_body, "{", R"({"user":99,"id":"x",)")) == "");
    CHECK(fault_of_posts(with(posts_body, "{", R"({"author":8,"tags":["a"],)")) == "");
}

TEST_CASE("a known field that is there twice is refused, since readers differ in which they take") {
    CHECK(fault_of_user(with(user_body, R"("name")", R"("id":7,"name")")) == "id is there twice");
    CHECK(fault_of_user(with(user_body, R"("name")", R"("i\u0064":7,"name")")) == "id is there twice");
    CHECK(fault_of_posts(with(posts_body, R"("title")", R"("body":"","title")")) == "[0].body is there twice");
}

TEST_CASE("what is missing or of another type is told with its field") {
    CHECK(fault_of_user("{}") == "id is missing");
    CHECK(fault_of_user("[]") == "must be an object, not a list");
    CHECK(fault_of_user("null") == "must be an object, not null");
    CHECK(fault_of_user(with(user_body, R"("Ada")", "3")) == "name must be a text, not a number");
    CHECK(fault_of_user(with(user_body, R"("Ada")", "null")) == "name must be a text, not null");
    CHECK(fault_of_user(with(user_body, "7", R"("7")")) == "id must be a whole number, not a text");
    CHECK(fault_of_profile("[]") == "must be an object, not a list");
    CHECK(fault_of_profile(with(profile_body, R"("moths")", "{}")) == "bio must be a text, not an object");
    CHECK(fault_of_profile(with(profile_body, R"("language")", R"("tongue")")) == "language is missing");
    CHECK(fault_of_posts("{}") == "must be a list, not an object");
    CHECK(fault_of_posts("[[]]") == "[0] must be an object, not a list");
    CHECK(fault_of_posts(with(posts_body, R"("one")", "true")) == "[1].title must be a text, not true or false");
}

TEST_CASE("numbers, times, links and languages are held to the rules of an import") {
    const std::string id_reason = "must be a whole number from 1 to 9223372036854775807";
    for (const auto* number : {"0", "-1", "1.0", "7e0", "9223372036854775808", "18446744073709551615"}) {
        INFO(number);
        CHECK(fault_of_user(with(user_body, "7", number)) == "id " + id_reason);
        CHECK(fault_of_posts(with(posts_body, "2", number)) == "[0].id " + id_reason);
    }
    CHECK(said(body_parser().parse_user(padded(with(user_body, "7", "9223372036854775807")),
                                        user_id{9'223'372'036'854'775'807})) == "");
    CHECK(fault_of_user(with(user_body, "2024-05-01T12", "2024-02-30T12")) ==
          "created_at must be a time such as 2024-05-01T12:00:00Z");
    CHECK(fault_of_user(with(user_body, R"("2024-05-01T12:00:00Z")", "null")) ==
          "created_at must be a time in quotes, not null");
    CHECK(fault_of_profile(with(profile_body, "https", "javascript")).starts_with("website must be empty or a URL "));
    CHECK(fault_of_profile(with(profile_body, "https://a.example/", "")) == "");
    CHECK(fault_of_profile(with(profile_body, R"("en")", R"("e n")")).starts_with("language must be a language tag "));
}

TEST_CASE("text is UTF-8 without NUL") {
    CHECK(fault_of_user(with(user_body, "Ada", "A\xc3\xa4\xf0\x9f\xa6\x8b")) == "");
    CHECK(fault_of_user(with(user_body, "Ada", "A\xc3")) == "is not valid UTF-8 (at byte 19)");
    CHECK(fault_of_user(with(user_body, "Ada", R"(A\u0000)")) == "name holds a NUL (U+0000)");
    CHECK_FALSE(fault_of_user(with(user_body, "Ada", R"(\ud800)")).empty());
    CHECK_FALSE(fault_of_user(with(user_body, "Ada", "\xed\xa0\x80")).empty());
    CHECK_FALSE(fault_of_user(with(user_body, "Ada", std::string_view("A\0", 2))).empty());
}

TEST_CASE("a body that is cut anywhere is refused, and so is one with more behind it") {
    for (const auto& body : {user_body, profile_body, posts_body}) {
        for (std::size_t size = 0; size != body.size(); ++size) {
            INFO(body.substr(0, size));
            CHECK_FALSE(fault_of_user(body.substr(0, size)).empty());
            CHECK_FALSE(fault_of_profile(body.substr(0, size)).empty());
            CHECK_FALSE(fault_of_posts(body.substr(0, size)).empty());
        }
    }
    CHECK(fault_of_user("") == "is empty");
    CHECK(fault_of_user(user_body.substr(0, 20)) == "is cut short: the JSON does not end");
    CHECK(fault_of_user(user_body + '}').starts_with("is not valid JSON"));
    CHECK(fault_of_user("\xef\xbb\xbf" + user_body) == "is not JSON that this version can read");
    CHECK(fault_of_user(user_body + " \r\n") == "");
    CHECK(fault_of_user("<html>" + std::string(100'000, 'x')) == "is not valid JSON");
}

TEST_CASE("no text of the other side comes into the log") {
    for (const auto& body : {std::string(R"({"\u001b[31mred": nope})"), std::string("{\"\x1b[31mred\": 1"),
                             with(user_body, R"("name")", R"("red":1,"n\u001bame")")}) {
        const auto fault = fault_of_user(body);
        CHECK_FALSE(fault.empty());
        CHECK_FALSE(fault.contains("red"));
        CHECK_FALSE(fault.contains('\x1b'));
    }
}

TEST_CASE("nothing lies deeper than a bound, in fields that nobody reads either") {
    const auto nested = [](std::size_t depth) {
        return with(user_body, "{", R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') + ',');
    };
    CHECK(fault_of_user(nested(body_parser::deepest - 2)) == "");
    CHECK(fault_of_user(nested(body_parser::deepest)) == "is nested too deeply");
    CHECK(fault_of_posts(std::string(100'000, '[') + std::string(100'000, ']')) == "is nested too deeply");
}

TEST_CASE("no more posts are taken than were asked for, and no two of one id") {
    CHECK(fault_of_posts(posts_body, 1) == "holds 2 posts, and at most 1 were asked for");
    CHECK(fault_of_posts(posts_body, 0) == "holds 2 posts, and at most 0 were asked for");
    CHECK(fault_of_posts(with(posts_body, R"("id":1)", R"("id":2)")) == "[1].id 2 is also that of [0]");
}

TEST_CASE("posts are the newest first, whatever their order there") {
    const auto body = R"([{"id":1,"title":"","body":"","published_at":"2024-05-02T12:00:00Z"},)"
                      R"({"id":3,"title":"","body":"","published_at":"2024-05-01T12:00:00Z"},)"
                      R"({"id":2,"title":"","body":"","published_at":"2024-05-02T12:00:00Z"}])";
    const auto read = body_parser().parse_posts(padded(body), ada, 3);
    REQUIRE(read.has_value());
    std::vector<std::int64_t> ids;
    for (const auto& each : *read)
        ids.push_back(each.id);
    CHECK(ids == std::vector<std::int64_t>{2, 1, 3});
}

TEST_CASE("a parser is as good as new after a bad body") {
    body_parser parser;
    for (const auto* bad : {"", "{", "nope", R"({"id":7})", R"({"id":7,"name":3})", "[[[[[[[["}) {
        CHECK_FALSE(parser.parse_user(padded(bad), ada).has_value());
        CHECK(parser.parse_user(padded(user_body), ada).has_value());
    }
    CHECK_FALSE(parser.parse_user(padded(std::string(200, '[')), ada).has_value());
    CHECK(parser.parse_user(padded(user_body), ada).has_value());
}

TEST_CASE("what a huge body took is given back, what a usual one took is kept") {
    body_parser parser;
    const auto with_name = [](std::size_t size) { return with(user_body, "Ada", std::string(size, 'a')); };
    CHECK(parser.parse_user(padded(with_name(20'000)), ada).has_value());
    const auto kept = parser.capacity();
    CHECK(kept > 20'000);
    CHECK(parser.parse_user(padded(user_body), ada).has_value());
    CHECK(parser.capacity() == kept);
    CHECK(parser.parse_user(padded(with_name(body_parser::largest_kept)), ada).has_value());
    CHECK(parser.capacity() <= body_parser::largest_kept);
    CHECK_FALSE(parser.parse_user(padded(std::string(4 * body_parser::largest_kept, '{')), ada).has_value());
    CHECK(parser.capacity() <= body_parser::largest_kept);
    CHECK(parser.parse_user(padded(user_body), ada).has_value());
}
