// tests of server/error_mapper: the table of failures and statuses.
#include "server/error_mapper.hpp"

#include "concurrency/cancel.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/semaphore.hpp"
#include "concurrency/worker_pool.hpp"
#include "upstream/errors.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <new>

using namespace std::chrono_literals;
using namespace muster;
using server::map_error;
using server::mapped_error;

namespace {

template <class Error>
mapped_error map(const Error& error, const std::vector<server::waiting_task>& waiting = {}) {
    return map_error(std::make_exception_ptr(error), waiting);
}

} // namespace

TEST_CASE("every failure has its status") {
    CHECK(map(upstream::not_found("no such user")).problem->status == 404);
    CHECK(map(upstream::source_failed("posts", "disk I/O error")).problem->status == 502);
    CHECK(map(upstream::source_overloaded("posts", "full", 3s)).problem->status == 503);
    CHECK(map(concurrency::worker_queue_full("posts")).problem->status == 503);
    CHECK(map(concurrency::workers_abandoned("posts")).problem->status == 503);
    CHECK(map(concurrency::semaphore_full("posts")).problem->status == 503);
    CHECK(map(concurrency::deadline_exceeded(5s)).problem->status == 504);
    CHECK(map(concurrency::cancelled(concurrency::cancel_cause::shutdown, 1)).problem->status == 503);
    CHECK(map(std::runtime_error("x")).problem->status == 500);
    CHECK(map(std::bad_alloc()).problem->status == 500);
    CHECK(map(42).problem->status == 500);
}

TEST_CASE("a refusal for want of room says when to come back") {
    CHECK(map(upstream::source_overloaded("posts", "full", 3s)).problem->retry_after == 3s);
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

TEST_CASE("a 504 explains itself: budget, cause, and who was waited for") {
    const std::vector<server::waiting_task> waiting{
        {.name = "posts", .state = "waiting for a worker", .elapsed = 5000ms, .at = "upstream/sqlite_source.cpp:88"}};
    const auto mapped = map(concurrency::deadline_exceeded(5s), waiting);
    const auto answer = handlers::to_response(*mapped.problem, "r-1");
    const auto body = nlohmann::json::parse(answer.body);
    CHECK(body["status"] == 504);
    CHECK(body["budget_ms"] == 5000);
    CHECK(body["cause"] == "deadline_exceeded");
    CHECK(body["request_id"] == "r-1");
    REQUIRE(body["waiting"].size() == 1);
    CHECK(body["waiting"][0] == nlohmann::json{{"name", "posts"},
                                               {"state", "waiting for a worker"},
                                               {"elapsed_ms", 5000},
                                               {"at", "upstream/sqlite_source.cpp:88"}});
    CHECK(body["detail"] == "time limit of 5 s exceeded; still waiting for posts");
}
