// tests of upstream/http_request_text: what a source is told besides the question.
#include "upstream/http_request_text.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using muster::concurrency::task;
using muster::tests::test_loop;
using namespace muster::upstream;

namespace {

std::string told(deadline_dialect dialect, std::chrono::milliseconds budget) {
    std::string text;
    append_deadline(text, dialect, budget);
    return text;
}

// In a coroutine of its own: what a child of a request says.
task<void> write(const http_request_text& heads, std::string& into) {
    auto& self = co_await muster::concurrency::current_task();
    heads.append_get(into, "/api/users/7", std::nullopt, self);
}

std::string of_request(std::string_view ref, const muster::concurrency::trace_context* trace) {
    test_loop loop;
    http_settings settings;
    settings.origin.host = "users.example";
    const http_request_text heads(settings);
    std::string text;
    const muster::concurrency::task_label label{
        .kind = muster::concurrency::task_kind::request, .name = "GET /user/{id}", .ref = ref, .trace = trace};
    const auto request = [&]() -> task<void> {
        co_await muster::concurrency::run_task(label, [](const auto& all, auto& out) -> task<void> {
            co_await muster::concurrency::when_all(write(all, out));
        }(heads, text));
    };
    loop.run(request());
    return text;
}

} // namespace

TEST_CASE("the far side gets what is left without a tenth, at most 50 ms, for the way back") {
    CHECK(budget_for_far_side(5s) == 4950ms);
    CHECK(budget_for_far_side(500ms) == 450ms);
    CHECK(budget_for_far_side(100ms) == 90ms);
    CHECK(budget_for_far_side(10ms) == 9ms);
    CHECK(budget_for_far_side(1ms) == 1ms); // 0 would be refused unseen
    CHECK(budget_for_far_side(100us) == 1ms);
}

TEST_CASE("time is told in the source's own words") {
    CHECK(told(deadline_dialect::none, 4950ms).empty());
    CHECK(told(deadline_dialect::x_request_timeout_ms, 4950ms) == "X-Request-Timeout-Ms: 4950\r\n");
    CHECK(told(deadline_dialect::connect_timeout_ms, 4950ms) == "Connect-Timeout-Ms: 4950\r\n");
    CHECK(told(deadline_dialect::connect_timeout_ms, std::chrono::hours(24 * 365)) ==
          "Connect-Timeout-Ms: 9999999999\r\n");
    CHECK(told(deadline_dialect::grpc_timeout, 4950ms) == "grpc-timeout: 4950m\r\n");
    CHECK(told(deadline_dialect::grpc_timeout, 99'999'999ms) == "grpc-timeout: 99999999m\r\n");
    CHECK(told(deadline_dialect::grpc_timeout, 100'000'000ms) == "grpc-timeout: 100000S\r\n");
    CHECK(told(deadline_dialect::x_envoy_expected_rq_timeout_ms, 4950ms) == "X-Envoy-Expected-Rq-Timeout-Ms: 4950\r\n");
    CHECK(told(deadline_dialect::x_yataxi_client_timeout_ms, 4950ms) == "X-YaTaxi-Client-TimeoutMs: 4950\r\n");
    CHECK(told(deadline_dialect::request_timeout, 4950ms) == "Request-Timeout: 4\r\n");
    CHECK(told(deadline_dialect::request_timeout, 950ms) == "Request-Timeout: 1\r\n");
}

TEST_CASE("the request's id and trace go on to whom it asks, from whichever of its tasks") {
    const std::string head = "GET /api/users/7 HTTP/1.1\r\nHost: users.example\r\nUser-Agent: muster\r\n"
                             "Accept: application/json\r\n";
    const muster::concurrency::trace_context trace{.parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                                   .state = "vendor=1"};
    const muster::concurrency::trace_context without_state{.parent = trace.parent, .state = {}};
    CHECK(of_request("", nullptr) == head + "\r\n");
    CHECK(of_request("abc-1", nullptr) == head + "X-Request-Id: abc-1\r\n\r\n");
    CHECK(of_request("abc-1", &without_state) ==
          head + "X-Request-Id: abc-1\r\ntraceparent: " + std::string(trace.parent) + "\r\n\r\n");
    CHECK(of_request("abc-1", &trace) == head + "X-Request-Id: abc-1\r\ntraceparent: " + std::string(trace.parent) +
                                             "\r\ntracestate: vendor=1\r\n\r\n");
}

TEST_CASE("an origin names itself as Host wants it") {
    CHECK(host_field({.host = "a.example", .port = 80}) == "a.example");
    CHECK(host_field({.host = "a.example", .port = 8080}) == "a.example:8080");
    CHECK(host_field({.host = "::1", .port = 8080}) == "[::1]:8080");
    CHECK(host_field({.host = "::1", .port = 80}) == "[::1]");
    CHECK(host_field({.host = "", .port = 80, .unix_path = "/run/x"}) == "localhost");
}

TEST_CASE("a target is put together in place, and what does not fit is cut, never written behind it") {
    CHECK(http_target()
              .add("/api/users/")
              .add(std::int64_t{9'223'372'036'854'775'807})
              .add("/posts?limit=")
              .add(500)
              .view() == "/api/users/9223372036854775807/posts?limit=500");
    CHECK(http_target().add(std::string(200, 'x')).add("y").view() == std::string(96, 'x'));
}
