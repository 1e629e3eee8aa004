// tests/bench: the messages of the benchmark's own programs, in pieces as they come.
#include "bench/fanout/messages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace muster::bench {

TEST_CASE("messages: an answer is whole when its body is, and not before") {
    const std::string whole = json_answer("Thu, 01 Jan 1970 00:00:00 GMT", "{}\n");
    for (std::size_t i = 0; i != whole.size(); ++i) {
        CHECK_FALSE(first_answer(std::string_view(whole).substr(0, i)));
    }
    const auto bytes = whole + "HTTP/1.1 404";
    const auto got = first_answer(bytes);
    REQUIRE(got);
    CHECK(got->status == 200);
    CHECK(got->body == "{}\n");
    CHECK(got->size == whole.size());
}

TEST_CASE("messages: a length is found whatever its letters, and an answer without one is refused") {
    const auto got = first_answer("HTTP/1.1 504 Gateway Timeout\r\ncontent-LENGTH:  4\r\nX: y\r\n\r\nbody");
    REQUIRE(got);
    CHECK(got->status == 504);
    CHECK(got->body == "body");
    CHECK_THROWS_AS(first_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), not_understood);
    CHECK_THROWS_AS(first_answer("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), not_understood);
    CHECK_THROWS_AS(first_answer("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), not_understood);
}

TEST_CASE("messages: a question is read as it was written") {
    const auto text = get_request("/api/users/7/posts?limit=20");
    CHECK_FALSE(first_question(std::string_view(text).substr(0, text.size() - 1)));
    const auto got = first_question(text);
    REQUIRE(got);
    CHECK(got->target == "/api/users/7/posts?limit=20");
    CHECK(got->size == text.size());
    CHECK_THROWS_AS(first_question("POST / HTTP/1.1\r\n\r\n"), not_understood);
}

TEST_CASE("messages: a target says what is asked for and of whom") {
    const auto is = [](std::string_view target, resource what, std::int64_t id) {
        const auto got = read_target(target);
        return got.what == what && got.id == id;
    };
    CHECK(is("/api/users/7", resource::user, 7));
    CHECK(is("/api/users/1000/profile", resource::profile, 1000));
    CHECK(is("/api/users/12/posts?limit=20", resource::posts, 12));
    CHECK(is("/bench/user/9", resource::pair, 9));
    CHECK(is("/user/3", resource::page, 3));
    CHECK(is("/livez", resource::other, 0));
    CHECK(read_target("/api/users/x").id == -1);
}

} // namespace muster::bench
