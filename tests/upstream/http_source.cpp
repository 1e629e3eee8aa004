// tests of upstream/http_source: what the three repositories ask, and what becomes of the answers. How they are fetched
// is tested in http_client.cpp, how bodies are read in http_bodies.cpp.
#include "upstream/http_source.hpp"

#include "tests/upstream/far_side.hpp"
#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using muster::concurrency::task;
using muster::tests::answer;
using muster::tests::far_side;
using muster::tests::ok;
using muster::tests::test_loop;
using namespace muster::upstream;

namespace {

constexpr user_id ada{7};
const std::string user_body = R"({"id":7,"name":"Ada","email":"ada@b","created_at":"2024-05-01T12:00:00Z"})";

/// The three repositories, a far side for all of them, and their loop.
struct far_muster {
    [[nodiscard]] http_source source() { return {far.settings(), loops, parsers, {}}; }

    test_loop loop;
    far_side far{loop};
    std::vector<muster::concurrency::loop*> loops{&loop.get()};
    std::shared_ptr<body_parsers> parsers = std::make_shared<body_parsers>(loops);
    http_users users{source()};
    http_profiles profiles{source()};
    http_posts posts{source()};
};

/// What a repository said in the end.
template <class T>
struct outcome {
    std::optional<T> value;
    std::exception_ptr error;
    bool ended = false;
};

template <class T>
task<void> keep(task<T> asked, outcome<T>& into) {
    try {
        into.value = co_await std::move(asked);
    } catch (const source_error&) {
        into.error = std::current_exception();
    }
    into.ended = true;
}

/// Asks, and answers with `text` on a connection of its own; `heard` becomes the first line of the request.
template <class T>
outcome<T> ask(far_muster& house, task<T> asked, std::string_view text, std::string* heard = nullptr) {
    outcome<T> result;
    house.loop.start(keep(std::move(asked), result));
    const auto connection = house.far.accepts();
    const auto request = house.far.hears(connection);
    if (heard != nullptr)
        *heard = request.substr(0, request.find('\r'));
    house.far.says(text, connection);
    house.far.closes(connection);
    house.loop.run_real([&] { return result.ended; });
    return result;
}

template <class T>
std::string bad_body(const outcome<T>& of) {
    REQUIRE(of.error);
    try {
        std::rethrow_exception(of.error);
    } catch (const source_failed& error) {
        CHECK(error.kind() == failure::bad_body);
        CHECK(error.attempts() == 1);
        return error.what();
    }
}

} // namespace

TEST_CASE("each repository asks for its document, and has the model of the answer") {
    far_muster house;
    std::string heard;
    CHECK(ask(house, house.users.find(ada), ok(user_body), &heard).value ==
          std::optional{user{ada, "Ada", "ada@b", 1'714'564'800}});
    CHECK(heard == "GET /api/users/7 HTTP/1.1");
    const auto profile_body = R"({"bio":"moths","location":"London","website":"","language":"en"})";
    CHECK(ask(house, house.profiles.find(ada), ok(profile_body), &heard).value ==
          std::optional{profile{ada, "moths", "London", "", "en"}});
    CHECK(heard == "GET /api/users/7/profile HTTP/1.1");
    const auto posts_body = R"([{"id":1,"title":"one","body":"eins","published_at":"2024-05-02T12:00:00Z"}])";
    CHECK(ask(house, house.posts.latest(ada, 20), ok(posts_body), &heard).value ==
          std::vector<post>{{1, ada, "one", "eins", 1'714'651'200}});
    CHECK(heard == "GET /api/users/7/posts?limit=20 HTTP/1.1");
}

TEST_CASE("a 404 is an absent row, whatever its body is") {
    far_muster house;
    const auto gone = answer("404 Not Found", "<html>");
    const auto who = ask(house, house.users.find(ada), gone);
    CHECK((who.value && !who.value->has_value()));
    const auto about = ask(house, house.profiles.find(ada), gone);
    CHECK((about.value && !about.value->has_value()));
    CHECK(ask(house, house.posts.latest(ada, 20), gone).value == std::vector<post>{});
}

TEST_CASE("more posts than a muster gives are not asked for, and none without a question") {
    far_muster house;
    std::string heard;
    CHECK(ask(house, house.posts.latest(user_id{9'223'372'036'854'775'807}, 100'000), ok("[]"), &heard).value ==
          std::vector<post>{});
    CHECK(heard == "GET /api/users/9223372036854775807/posts?limit=500 HTTP/1.1");
    for (const int none : {0, -1}) {
        outcome<std::vector<post>> result;
        house.loop.start(keep(house.posts.latest(ada, none), result));
        house.loop.settle();
        CHECK(result.value == std::vector<post>{});
    }
    CHECK_FALSE(house.far.has_another());
}

TEST_CASE("an answer that is not what it has to be is a failed source, and the log is told what is wrong") {
    far_muster house;
    const auto failing = [&](const std::string& text) { return bad_body(ask(house, house.users.find(ada), text)); };
    CHECK(failing(ok("{}")).ends_with(": its answer is wrong: id is missing"));
    CHECK(failing(ok(user_body.substr(0, 20))).ends_with(": its answer is cut short: the JSON does not end"));
    CHECK(failing(answer("200 OK", user_body, "Content-Type: text/html\r\n"))
              .ends_with(": its answer is not application/json"));
    CHECK(failing(answer("200 OK", user_body)).ends_with(": its answer is not application/json"));
    CHECK(failing(ok(user_body, "Content-Encoding: gzip\r\n"))
              .ends_with(": its answer has a content coding, and none was asked for"));
    const auto other = ask(house, house.users.find(user_id{8}), ok(user_body));
    CHECK(bad_body(other).ends_with(": its answer is wrong: id is 7, and 8 was asked for"));
    CHECK(ask(house, house.users.find(ada), ok(user_body)).value.has_value()); // and the next good one is taken
}
