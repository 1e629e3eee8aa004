// tests of server/answer_bytes and http_date: the bytes, as they stand on the wire.
#include "server/answer_bytes.hpp"

#include "server/http_date.hpp"

#include <catch2/catch_test_macros.hpp>

using muster::handlers::answer;
using muster::handlers::response;
using muster::server::append_answer;

TEST_CASE("an answer is one text: status line, fields, body") {
    auto made = answer(200, muster::handlers::content_types::json, "{}\n", "private");
    made.retry_after = std::chrono::seconds{2};
    std::string out = "before ";
    append_answer(out, made, {.date = "D", .request_id = "r-1"});
    CHECK(out == "before HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: application/json\r\nContent-Length: 3\r\n"
                 "Cache-Control: private\r\nX-Content-Type-Options: nosniff\r\n"
                 "Retry-After: 2\r\nX-Request-Id: r-1\r\n\r\n{}\n");
}

TEST_CASE("an answer to HEAD has the length of the body, and no body") {
    std::string out;
    append_answer(out, answer(200, "a/b", "hello", "no-store"), {.date = "D", .request_id = "r", .head_only = true});
    CHECK(out.find("Content-Length: 5\r\n") != std::string::npos);
    CHECK(out.ends_with("\r\n\r\n"));
}

TEST_CASE("a 204 and a 304 have neither body nor length") {
    for (const int status : {204, 304}) {
        response made;
        made.status = status;
        made.body = "lost";
        std::string out;
        append_answer(out, made, {.date = "D", .request_id = "r"});
        CHECK(out.find("Content-Length") == std::string::npos);
        CHECK(out.ends_with("\r\n\r\n"));
    }
}

TEST_CASE("the connection's end is said, and to HTTP/1.0 that it goes on") {
    std::string out;
    append_answer(out, {}, {.date = "D", .request_id = "r", .http_1_0 = true, .close = true});
    CHECK(out.find("Connection: close\r\n") != std::string::npos);
    out.clear();
    append_answer(out, {}, {.date = "D", .request_id = "r", .http_1_0 = true});
    CHECK(out.find("Connection: keep-alive\r\n") != std::string::npos);
    out.clear();
    append_answer(out, {}, {.date = "D", .request_id = "r"});
    CHECK(out.find("Connection") == std::string::npos);
}

TEST_CASE("every answer says that it is not to be guessed at and how long it may be kept, also one without a body") {
    for (const int status : {200, 204, 400, 503}) {
        response made;
        made.status = status;
        std::string out;
        append_answer(out, made, {.date = "D", .request_id = "r"});
        CHECK(out.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
        CHECK(out.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
        CHECK(out.find("\r\nServer:") == std::string::npos);
    }
}

TEST_CASE("a date is the one of RFC 9110") {
    CHECK(muster::server::http_date(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(muster::server::http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    muster::server::date_cache cache;
    const std::string first(cache.now());
    CHECK(first.size() == 29);
    CHECK(first.ends_with(" GMT"));
}
