// tests of server/error_mapper: the table of failures and statuses.
#include "server/error_mapper.hpp"

#include "concurrency/cancel.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/semaphore.hpp"
#include "concurrency/worker_pool.hpp"
#include "upstream/errors.hpp"
#include "upstream/explanation.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <new>

using namespace std::chrono_literals;
using namespace muster;
using server::map_error;
using server::mapped_error;

namespace {

const server::given_up late{.budget = 5s, .elapsed = 5001ms, .worked = 5000ms};

template <class Error>
mapped_error map(const Error& error, const server::given_up& request = late) {
    return map_error(std::make_exception_ptr(error), server::waiting_tasks(), request);
}

nlohmann::json document(const mapped_error& mapped) {
    return nlohmann::json::parse(handlers::to_response(*mapped.problem, "r-1").body);
}

std::shared_ptr<const upstream::explanation> far_side() {
    upstream::explanation said{.status = 504, .cause = "deadline_exceeded", .budget = 900ms};
    said.children.push_back({.source = "db", .state = "waiting", .wait = "worker", .elapsed = 899ms});
    return std::make_shared<upstream::explanation>(said);
}

} // namespace

TEST_CASE("every failure has its status") {
    CHECK(map(upstream::not_found("no such user")).problem->status == 404);
    CHECK(map(upstream::source_failed("posts", "disk I/O error")).problem->status == 502);
    CHECK(map(upstream::source_overloaded("posts", "full", 3s)).problem->status == 503);
    CHECK(map(concurrency::worker_queue_full("posts")).problem->status == 503);
    CHECK(map(concurrency::workers_abandoned("posts")).problem->status == 503);
    CHECK(map(concurrency::semaphore_full("posts")).problem->status == 503);
    CHECK(map(upstream::source_timed_out("posts", "504")).problem->status == 504);
    CHECK(map(concurrency::deadline_exceeded(5s)).problem->status == 504);
    CHECK(map(concurrency::cancelled(concurrency::cancel_cause::shutdown, 1)).problem->status == 503);
    CHECK(map(std::runtime_error("x")).problem->status == 500);
    CHECK(map(std::bad_alloc()).problem->status == 500);
    CHECK(map(42).problem->status == 500);
}

TEST_CASE("a refusal for want of room says when to come back") {
    CHECK(map(upstream::source_overloaded("posts", "full", 3s)).problem->retry_after == 3s);
    CHECK(map(upstream::source_overloaded("posts", "full", 0s)).problem->retry_after == 1s);
    CHECK(map(upstream::source_overloaded("posts", "full", 1h)).problem->retry_after == 60s);
    CHECK(map(concurrency::worker_queue_full("posts")).problem->retry_after == 1s);
    CHECK(map(concurrency::cancelled(concurrency::cancel_cause::shutdown, 1)).problem->retry_after == 1s);
    CHECK_FALSE(map(upstream::source_failed("posts", "x")).problem->retry_after);
}

TEST_CASE("who has left is told nothing, and the access log why") {
    const auto mapped = map(concurrency::cancelled(concurrency::cancel_cause::client_gone, 1));
    CHECK_FALSE(mapped.problem);
    CHECK(mapped.cause == "client_gone");
}

TEST_CASE("what ends a request early has a word for the access log") {
    CHECK(map(upstream::not_found("no such user")).cause.empty());
    CHECK(map(upstream::source_failed("posts", "x")).cause == "source_failed");
    CHECK(map(upstream::source_overloaded("posts", "full", 3s)).cause == "overloaded");
    CHECK(map(concurrency::worker_queue_full("posts")).cause == "overloaded");
    CHECK(map(upstream::source_timed_out("posts", "504")).cause == "source_timed_out");
    CHECK(map(concurrency::deadline_exceeded(5s)).cause == "deadline_exceeded");
    CHECK(map(concurrency::cancelled(concurrency::cancel_cause::shutdown, 1)).cause == "shutdown");
    CHECK(map(std::runtime_error("x")).cause == "internal_error");
}

TEST_CASE("a cut request says what cut it") {
    using concurrency::cancel_cause;
    const auto told = [](cancel_cause cause) { return *map(concurrency::cancelled(cause, 1)).problem; };
    CHECK(told(cancel_cause::shutdown).detail == "the server is shutting down");
    CHECK(told(cancel_cause::deadline_exceeded).status == 504);
    CHECK(told(cancel_cause::requested).status == 503);
    CHECK(told(cancel_cause::sibling_failed).status == 500);
    for (const auto cause : {cancel_cause::deadline_exceeded, cancel_cause::requested, cancel_cause::sibling_failed}) {
        CHECK(told(cause).detail.find("shutting down") == std::string::npos);
    }
}

TEST_CASE("what a client is told names the source but no path, no library and no fault of ours") {
    const auto failed = map(upstream::source_failed("posts", "unable to open /secret/posts.db"));
    CHECK(failed.problem->detail == "posts failed");
    CHECK(failed.log.find("/secret/posts.db") != std::string::npos);
    CHECK_FALSE(failed.internal);

    const auto ours = map(std::runtime_error("key 17 is missing"));
    CHECK(ours.problem->detail.find("17") == std::string::npos);
    CHECK(ours.log == "std::runtime_error: key 17 is missing");
    CHECK(ours.internal);
}

TEST_CASE("a 502 names the source first, how it failed, how often it was tried, and what it said itself") {
    const auto mapped = map(upstream::source_failed("posts", "504 of http://10.0.0.7/x", upstream::failure::bad_status,
                                                    {.attempts = 2, .upstream = far_side()}));
    CHECK(document(mapped) ==
          nlohmann::json::parse(R"({"type":"about:blank","title":"Bad Gateway","status":502,"detail":"posts failed",)"
                                R"("request_id":"r-1","cause":"source_failed","budget_ms":5000,"elapsed_ms":5001,)"
                                R"("children":[{"source":"posts","state":"failed","failure":"bad_status",)"
                                R"("elapsed_ms":5000,"attempts":2,"upstream":{"status":504,)"
                                R"("cause":"deadline_exceeded","budget_ms":900,"children":[{"source":"db",)"
                                R"("state":"waiting","wait":"worker","elapsed_ms":899}]}}]})"));
    CHECK(mapped.log == "posts: 504 of http://10.0.0.7/x; posts says: 504 deadline_exceeded, db waiting worker");
    CHECK(mapped.notable);
}

TEST_CASE("a source that ran out of time itself is a 504 of its own cause") {
    const auto read =
        document(map(upstream::source_timed_out("posts", "504", {.attempts = 1, .upstream = far_side()})));
    CHECK(read["status"] == 504);
    CHECK(read["cause"] == "source_timed_out");
    CHECK(read["children"][0]["state"] == "timed_out");
    CHECK(read["children"][0]["upstream"]["budget_ms"] == 900);
}

TEST_CASE("a source that takes no more work is named in the 503") {
    const auto mapped = map(upstream::source_overloaded("posts", "full", 3s));
    CHECK(document(mapped)["cause"] == "overloaded");
    CHECK(document(mapped)["children"][0]["source"] == "posts");
    CHECK(document(mapped)["children"][0]["state"] == "overloaded");
    CHECK_FALSE(mapped.notable);
}

TEST_CASE("explained as little as may be, an answer has budget and cause and no name") {
    auto brief = late;
    brief.explain = handlers::explain::minimal;
    for (const auto& mapped :
         {map(upstream::source_failed("posts", "x", upstream::failure::reset, {.upstream = far_side()}), brief),
          map(upstream::source_timed_out("posts", "x"), brief),
          map(upstream::source_overloaded("posts", "x", 1s), brief), map(concurrency::deadline_exceeded(5s), brief)}) {
        const auto read = document(mapped);
        CHECK(read["budget_ms"] == 5000);
        CHECK(read.contains("cause"));
        CHECK_FALSE(read.contains("elapsed_ms"));
        CHECK_FALSE(read.contains("children"));
        CHECK(read.dump().find("posts") == std::string::npos);
        CHECK(mapped.problem->detail.find("posts") == std::string::npos);
    }
    CHECK(map(upstream::source_failed("posts", "x"), brief).log == "posts: x");
}

TEST_CASE("a limit of a part of the request tells itself, not the request's") {
    const auto read = document(map(concurrency::deadline_exceeded(250ms)));
    CHECK(read["budget_ms"] == 250);
    CHECK(read["elapsed_ms"] == 5001);
    CHECK(read["detail"] == "time limit of 250 ms exceeded");
}

TEST_CASE("a budget that is over before the work begins is a 504 that says that it was the caller's") {
    const auto callers = server::spent_before_its_work({.budget = 20ms, .elapsed = 31ms});
    CHECK(document(callers)["cause"] == "budget_too_small");
    CHECK(document(callers)["budget_ms"] == 20);
    CHECK(document(callers)["elapsed_ms"] == 31);
    CHECK(document(callers)["detail"] == "the caller's time limit of 20 ms exceeded before the work began");
    CHECK_FALSE(callers.notable);
    CHECK(callers.problem->status == 504);
}

TEST_CASE("whatever muster tells of a failure, muster reads as it was meant") {
    for (const auto& mapped :
         {map(upstream::source_failed("posts", "x", upstream::failure::reset, {.attempts = 1, .upstream = far_side()})),
          map(upstream::source_timed_out("posts", "x")), map(upstream::source_overloaded("posts", "x", 1s)),
          map(concurrency::deadline_exceeded(5s)), map(concurrency::semaphore_full("posts")),
          map(concurrency::cancelled(concurrency::cancel_cause::shutdown, 1)),
          map(concurrency::cancelled(concurrency::cancel_cause::requested, 1)), server::spent_before_its_work(late)}) {
        const auto read = upstream::read_explanation(handlers::to_response(*mapped.problem, "r-1").body);
        REQUIRE(read != nullptr);
        CHECK(*read == *mapped.problem->why);
        CHECK(read->cause == mapped.cause);
    }
}
