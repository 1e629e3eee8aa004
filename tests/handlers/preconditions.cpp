// tests of handlers/preconditions: conditions of requests for what has neither tag nor date.
#include "handlers/preconditions.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>

using namespace muster::handlers;

namespace {

response asked(std::string method, std::string_view name, std::string_view value, int status = 200) {
    request_head head{.method = std::move(method), .target = "/x", .id = "r-1", .headers = {}, .body = {}};
    head.headers.add(name, value);
    const request request(std::move(head));
    auto made = answer(status, content_types::text, "hello", "private");
    made.headers.add("Vary", "Accept");
    return conditional(std::move(made), request);
}

} // namespace

TEST_CASE("a tag is asked for and nothing has one: 412") {
    for (const auto* method : {"GET", "HEAD"}) {
        for (const auto* value : {"\"x\"", "W/\"x\", \"y\"", ""}) {
            const auto got = asked(method, "if-match", value);
            CHECK(got.status == 412);
            CHECK(got.content_type == content_types::problem);
        }
        CHECK(asked(method, "If-Match", "*").status == 200);
    }
}

TEST_CASE("nothing that exists is wanted: 304 without a body, with the fields that caches need") {
    const auto got = asked("GET", "If-None-Match", "*");
    CHECK(got.status == 304);
    CHECK(got.body.empty());
    CHECK(got.cache_control == "private");
    CHECK(got.headers.find("Vary") == "Accept");
    CHECK(asked("HEAD", "If-None-Match", "*").status == 304);
    CHECK(asked("GET", "If-None-Match", "\"x\"").status == 200);
}

TEST_CASE("conditions are nothing to an answer that is no success, to other methods, and about dates") {
    CHECK(asked("GET", "If-Match", "\"x\"", 404).status == 404);
    CHECK(asked("GET", "If-None-Match", "*", 503).status == 503);
    CHECK(asked("POST", "If-None-Match", "*").status == 200);
    CHECK(asked("GET", "If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT").status == 200);
    CHECK(asked("GET", "If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT").status == 200);
}
