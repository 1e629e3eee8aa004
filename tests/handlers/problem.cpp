// tests of handlers/problem, refusal and response: what errors look like to a client.
#include "handlers/problem.hpp"

#include "handlers/refusal.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

using namespace muster::handlers;
using namespace std::chrono_literals;

TEST_CASE("a problem is RFC 9457's document with the request's id") {
    const auto made = to_response(problem{.status = 404, .detail = "no such user"}, "r-1");
    CHECK(made.status == 404);
    CHECK(made.content_type == "application/problem+json");
    CHECK(made.body == R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no such user",)"
                       R"("request_id":"r-1"})"
                       "\n");
    CHECK(made.cache_control == "no-store");
    CHECK_FALSE(made.retry_after);
}

TEST_CASE("a problem carries its own title, what explains it and a retry time, and survives any text") {
    const auto made = to_response(problem{.status = 504,
                                          .title = "Too late",
                                          .detail = "\"\n\xFF",
                                          .why = explanation{.status = 504, .cause = "overloaded", .budget = 5s},
                                          .retry_after = 3s},
                                  "");
    const auto read = nlohmann::json::parse(made.body);
    CHECK(read["title"] == "Too late");
    CHECK(read["detail"] == "\"\n\uFFFD");
    CHECK(read["request_id"] == "");
    CHECK(read["budget_ms"] == 5000);
    CHECK(read["cause"] == "overloaded");
    CHECK(read["retry_after"] == 3);
    CHECK(made.retry_after == 3s);
}

TEST_CASE("a problem without a detail leaves it out") {
    const auto read = nlohmann::json::parse(to_response(problem{}, "r").body);
    CHECK(read["title"] == "Internal Server Error");
    CHECK_FALSE(read.contains("detail"));
    CHECK_FALSE(read.contains("retry_after"));
}

TEST_CASE("a bad request names the request it answers") {
    const request seen({.method = "GET", .target = "/", .id = "r-7", .headers = {}, .body = {}});
    const auto made = bad_request(seen, "limit must be a number");
    CHECK(made.status == 400);
    const auto read = nlohmann::json::parse(made.body);
    CHECK(read["detail"] == "limit must be a number");
    CHECK(read["request_id"] == "r-7");
}

TEST_CASE("the router's refusals have their statuses, 405 and OPTIONS with Allow") {
    resolution resolved;
    CHECK(refusal(resolved, "r").status == 404);
    resolved.kind = resolution::outcome::bad_target;
    CHECK(refusal(resolved, "r").status == 400);

    resolved.allow = "GET, HEAD, OPTIONS";
    resolved.kind = resolution::outcome::method_not_allowed;
    const auto refused = refusal(resolved, "r");
    CHECK(refused.status == 405);
    CHECK(refused.headers.find("allow") == "GET, HEAD, OPTIONS");
    CHECK(refused.content_type == "application/problem+json");

    resolved.kind = resolution::outcome::options;
    const auto options = refusal(resolved, "r");
    CHECK(options.status == 204);
    CHECK(options.headers.find("allow") == "GET, HEAD, OPTIONS");
    CHECK(options.body == "");
    CHECK(options.content_type == "");

    resolved.kind = resolution::outcome::match;
    CHECK_THROWS_AS(refusal(resolved, "r"), std::logic_error);
}
