// tests of handlers/caller_budget: what each header's time is, and what is none.
#include "handlers/caller_budget.hpp"

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace muster::handlers;
using namespace std::chrono_literals;

namespace {

using field = std::pair<std::string_view, std::string_view>;

caller_budget of(std::initializer_list<field> fields) {
    caller_budget made;
    for (const auto& [name, value] : fields)
        made.take(name, value);
    return made;
}

std::optional<std::chrono::nanoseconds> limit(std::string_view name, std::string_view value) {
    return of({{name, value}}).limit();
}

std::vector<std::string_view> ignored(std::initializer_list<field> fields) {
    std::vector<std::string_view> names;
    for_each_header(of(fields).ignored(), [&](std::string_view name) { names.push_back(name); });
    return names;
}

} // namespace

TEST_CASE("a caller says how long it waits in milliseconds, in seconds, or in gRPC's units") {
    for (const auto* name : {"X-Request-Timeout-Ms", "Connect-Timeout-Ms", "X-Envoy-Expected-Rq-Timeout-Ms",
                             "X-YaTaxi-Client-TimeoutMs", "x-request-timeout-ms", "CONNECT-TIMEOUT-MS"}) {
        CHECK(limit(name, "1500") == 1500ms);
        CHECK(limit(name, "0007") == 7ms);
    }
    CHECK(limit("Request-Timeout", "3") == 3s);
    CHECK(limit("grpc-timeout", "1H") == 1h);
    CHECK(limit("Grpc-Timeout", "2M") == 2min);
    CHECK(limit("grpc-timeout", "3S") == 3s);
    CHECK(limit("grpc-timeout", "4m") == 4ms);
    CHECK(limit("grpc-timeout", "5u") == 5us);
    CHECK(limit("grpc-timeout", "99999999n") == 99'999'999ns);
}

TEST_CASE("zero is a budget that is spent, but no limit for Envoy") {
    CHECK(limit("X-Request-Timeout-Ms", "0") == 0ms);
    CHECK(limit("Connect-Timeout-Ms", "0") == 0ms);
    CHECK(limit("X-YaTaxi-Client-TimeoutMs", "00") == 0ms);
    CHECK(limit("Request-Timeout", "0") == 0ms);
    CHECK(limit("grpc-timeout", "0n") == 0ms);
    CHECK_FALSE(limit("X-Envoy-Expected-Rq-Timeout-Ms", "0"));
    CHECK(of({{"X-Envoy-Expected-Rq-Timeout-Ms", "0"}}).ignored() == 0);
    CHECK(of({{"X-Envoy-Expected-Rq-Timeout-Ms", "0"}, {"Request-Timeout", "9"}}).limit() == 9s);
}

TEST_CASE("of several times the smallest counts, wherever it stands") {
    CHECK(of({{"X-Request-Timeout-Ms", "300"}, {"x-request-timeout-ms", "200"}, {"X-Request-Timeout-Ms", "250"}})
              .limit() == 200ms);
    CHECK(of({{"Request-Timeout", "1"}, {"grpc-timeout", "900m"}, {"Connect-Timeout-Ms", "1100"}}).limit() == 900ms);
}

TEST_CASE("what is no time counts for nothing and is told by its header's name") {
    for (const auto* value : {"", "-1", "+1", "1.5", "1 000", "100,200", "0x10", "1s", "1e3", "abc", "\xd9\xa1"}) {
        CAPTURE(value);
        CHECK_FALSE(limit("X-Request-Timeout-Ms", value));
        CHECK(ignored({{"x-request-timeout-ms", value}}) == std::vector<std::string_view>{"X-Request-Timeout-Ms"});
    }
    for (const auto* value : {"", "1", "S", "1s", "1h", "123456789S", "1 S", "S1", "-1S", "1SS", "1.5S"}) {
        CAPTURE(value);
        CHECK_FALSE(limit("grpc-timeout", value));
        CHECK(ignored({{"grpc-timeout", value}}) == std::vector<std::string_view>{"grpc-timeout"});
    }
    CHECK(of({{"Request-Timeout", "soon"}, {"Request-Timeout", "2"}}).limit() == 2s);
    CHECK(ignored({{"Request-Timeout", "soon"}, {"Request-Timeout", "2"}, {"grpc-timeout", "?"}}) ==
          std::vector<std::string_view>{"grpc-timeout", "Request-Timeout"});
}

TEST_CASE("a time beyond the clock is as long as the clock goes") {
    const auto most = std::chrono::nanoseconds::max();
    CHECK(limit("grpc-timeout", "99999999H") == most);
    CHECK(limit("X-Request-Timeout-Ms", "9223372036853") == 9'223'372'036'853ms);
    for (const auto* value : {"9223372036855", "9223372036854775807", "9223372036854775808", "18446744073709551616",
                              "99999999999999999999999999999999999999999999"}) {
        CAPTURE(value);
        CHECK(limit("X-Request-Timeout-Ms", value) == most);
        CHECK(limit("Request-Timeout", value) == most);
    }
    CHECK(limit("X-Request-Timeout-Ms", "99999999999999999999999999x") == std::nullopt);
}

TEST_CASE("other headers say nothing of time") {
    for (const std::string_view name :
         {"Content-Type", "grpc-timeouts", "grpc-timeou_", "Request-Timeour", "X-Request-Timeout-M_", "", "x",
          "Upgrade-Insecure-Requests", "X-Forwarded-For", "Accept-Encoding", "gRPC_timeout", "Timeout"}) {
        CAPTURE(name);
        CHECK_FALSE(limit(name, "1"));
        CHECK(of({{name, "x"}}).ignored() == 0);
    }
}
