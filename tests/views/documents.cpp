// tests of views/documents: the fields, byte by byte, and text that wants escaping in each of them.
#include "views/documents.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace muster;
using upstream::user_id;

namespace {

const upstream::user ada{user_id{7}, "Ada", "ada@example.org", 1'714'564'800};
const std::optional<upstream::profile> engines =
    upstream::profile{user_id{7}, "Engines", "London", "https://example.org/ada", "en"};
const std::vector<upstream::post> notes{{2, user_id{7}, "Note G", "Bernoulli", 86'400}, {1, user_id{7}, "A", "", 0}};

constexpr auto ada_json = R"({"id":7,"name":"Ada","email":"ada@example.org","created_at":"2024-05-01T12:00:00Z"})";
constexpr auto engines_json =
    R"({"bio":"Engines","location":"London","website":"https://example.org/ada","language":"en"})";
constexpr auto notes_json = R"([{"id":2,"title":"Note G","body":"Bernoulli","published_at":"1970-01-02T00:00:00Z"},)"
                            R"({"id":1,"title":"A","body":"","published_at":"1970-01-01T00:00:00Z"}])";

template <class Document>
std::string written(const Document& document) {
    std::string out;
    views::append_json(out, document);
    return out;
}

} // namespace

TEST_CASE("the user's document holds the three resources as they are served alone") {
    CHECK(written(ada) == ada_json);
    CHECK(written(*engines) == engines_json);
    CHECK(written(notes) == notes_json);
    CHECK(written(views::user_document{ada, engines, notes}) ==
          std::string(R"({"user":)") + ada_json + R"(,"profile":)" + engines_json + R"(,"posts":)" + notes_json + "}");
}

TEST_CASE("a user without profile and posts has null and an empty list") {
    const std::optional<upstream::profile> nobody;
    CHECK(written(views::user_document{ada, nobody, {}}) ==
          std::string(R"({"user":)") + ada_json + R"(,"profile":null,"posts":[]})");
    CHECK(written(std::vector<upstream::post>{}) == "[]");
}

TEST_CASE("a document is appended to what the buffer holds") {
    std::string out = "head";
    views::append_json(out, ada);
    CHECK(out == std::string("head") + ada_json);
}

TEST_CASE("every text field may hold anything, ids are exact and impossible times null") {
    const std::string wild = "\"\\\n\x01 Жанна 北京 👩‍💻";
    constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
    const upstream::user user{user_id{greatest}, wild, wild, greatest};
    const std::optional<upstream::profile> profile = upstream::profile{user_id{1}, wild, wild, wild, wild};
    const std::vector<upstream::post> posts{{greatest, user_id{1}, wild, wild, greatest}};

    const auto read = nlohmann::json::parse(written(views::user_document{user, profile, posts}));
    CHECK(read["user"]["id"].get<std::int64_t>() == greatest);
    CHECK(read["user"]["created_at"].is_null());
    CHECK(read["posts"][0]["id"].get<std::int64_t>() == greatest);
    CHECK(read["posts"][0]["published_at"].is_null());
    for (const auto* field : {"/user/name", "/user/email", "/profile/bio", "/profile/location", "/profile/website",
                              "/profile/language", "/posts/0/title", "/posts/0/body"})
        CHECK(read[nlohmann::json::json_pointer(field)] == wild);
}
