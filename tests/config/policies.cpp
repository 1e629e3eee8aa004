// Tests of config/policies: values, which source has which, and how errors read.
#include "config/policies.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <utility>
#include <vector>

namespace muster::config {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> over_http{"--data", "http://far:8080"};

std::vector<std::string> with(std::vector<std::string> flags, const std::vector<std::string>& more) {
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
}

complaint put(settings& into, std::string_view source_name, std::string_view name, std::string_view raw) {
    return apply_policy(into, source_name, name, raw, "somewhere");
}

TEST_CASE("a policy belongs to a source") {
    settings all;
    CHECK_FALSE(put(all, "profiles", "workers", "1024").has_value());
    CHECK_FALSE(put(all, "profiles", "queue", "1").has_value());
    CHECK(all.profiles.policy == source_policy{.workers = 1024, .queue = 1});
    CHECK(all.profiles.given == std::vector<given_policy>{{"workers", "somewhere"}, {"queue", "somewhere"}});
    CHECK(all.users == source{});
    CHECK(put(all, "people", "workers", "1") == "no such source; there are users, profiles and posts");
    CHECK(put(all, "posts", "limit", "1") ==
          "no such policy; there are workers, queue, connections, idle, connect, idle-timeout, max-head, max-body and "
          "deadline");
}

TEST_CASE("the values of policies have their bounds") {
    const std::pair<const char*, std::vector<std::pair<const char*, const char*>>> cases[] = {
        {"workers", {{"1", ""}, {"1024", ""}, {"0", "must be 1 to 1024"}, {"1025", "must be 1 to 1024"}}},
        {"queue",
         {{"1000000", ""}, {"1000001", "must be 1 to 1000000"}, {"many", "must be a whole number, 1 to 1000000"}}},
        {"connections", {{"1", ""}, {"100000", ""}, {"0", "must be 1 to 100000"}, {"100001", "must be 1 to 100000"}}},
        {"idle", {{"0", ""}, {"100000", ""}, {"100001", "must be 0 to 100000"}}},
        {"connect", {{"1ms", ""}, {"0s", "must be longer than zero"}, {"1", "not a duration; write 250ms, 5s or 2m"}}},
        {"idle-timeout", {{"24h", ""}, {"25h", "must be at most 24h"}}},
        {"max-head",
         {{"1KiB", ""},
          {"1MiB", ""},
          {"1023B", "must be 1KiB to 1MiB"},
          {"1", "not a size; write 512B, 16KiB or 1MiB"}}},
        {"max-body", {{"1KiB", ""}, {"64MiB", ""}, {"65MiB", "must be 1KiB to 64MiB"}}},
        {"deadline",
         {{"X-Request-Timeout-Ms", ""},
          {"connect-timeout-ms", ""},
          {"grpc-timeout", ""},
          {"x-envoy-expected-rq-timeout-ms", ""},
          {"X-YaTaxi-Client-TimeoutMs", ""},
          {"request-timeout", ""},
          {"off", ""},
          {"on", "must be x-request-timeout-ms, connect-timeout-ms, grpc-timeout, x-envoy-expected-rq-timeout-ms, "
                 "x-yataxi-client-timeoutms, request-timeout or off"}}},
    };
    CHECK(std::size(cases) == policies().size());
    for (const auto& [name, values] : cases) {
        for (const auto& [raw, expected] : values) {
            INFO(name << '=' << raw);
            settings all;
            CHECK(put(all, "posts", name, raw).value_or("") == expected);
            CHECK((all == settings{}) == (*expected != '\0')); // what is refused leaves everything as it was
        }
    }
}

TEST_CASE("every policy of a source over HTTP can be set, by flag or in the file") {
    const auto flags =
        settings_of(with(over_http, {"--source", "posts.connections=9", "--source", "posts.idle=8", "--source",
                                     "posts.queue=7", "--source", "posts.connect=6s", "--source",
                                     "posts.idle-timeout=5s", "--source", "posts.max-head=4KiB", "--source",
                                     "posts.max-body=3MiB", "--source", "posts.deadline=grpc-timeout"}));
    const source_policy expected{.queue = 7,
                                 .connections = 9,
                                 .idle = 8,
                                 .connect = 6s,
                                 .idle_timeout = 5s,
                                 .head = 4 * 1024,
                                 .body = 3 * 1024 * 1024,
                                 .deadline = deadline_dialect::grpc_timeout};
    CHECK(flags.posts.policy == expected);
    CHECK(flags.users.policy == source_policy{});
    const scratch_directory scratch;
    const auto file = scratch.write("m.json", R"({"data": "http://far:8080", "sources": {"posts": {
        "connections": 9, "idle": 8, "queue": 7, "connect": "6s", "idle-timeout": "5s", "max-head": "4KiB",
        "max-body": "3MiB", "deadline": "grpc-timeout"}}})");
    CHECK(settings_of({"--config", file}).posts.policy == expected);
}

TEST_CASE("a policy that the source's kind has not is an error, wherever the URL comes from") {
    CHECK(error_of(with(over_http, {"--source", "posts.workers=8"})) ==
          "muster: --source posts.workers=8 (flag): posts come from http://far:8080, and a source over HTTP has no "
          "workers; there are queue, connections, idle, connect, idle-timeout, max-head, max-body and deadline");
    CHECK(error_of({}, {{"MUSTER_SOURCE", "users.queue=3,users.connect=1s"}}) ==
          "muster: MUSTER_SOURCE=users.connect=1s (environment): users come from sqlite:data/muster.db, and a source "
          "over SQLite has no connect; there are workers and queue");
    const scratch_directory scratch;
    const auto file = scratch.write("m.json", "{\n\"sources\": {\"posts\": {\n\"workers\": 8}}}");
    CHECK(error_of({"--config", file}).empty());
    CHECK(error_of({"--config", file, "--posts", "http://far"}) ==
          "muster: sources.posts.workers = 8 (" + file +
              ":3): posts come from http://far, and a source over HTTP has "
              "no workers; there are queue, connections, idle, connect, idle-timeout, max-head, max-body and deadline");
    // Of the other commands only those of the server's settings are wrong that are wrong by themselves.
    CHECK(error_of({"import", "-", "--data", "sqlite:d"}, {{"MUSTER_SOURCE", "users.connect=1s"}}).empty());
    CHECK(error_of({"health"}, {{"MUSTER_SOURCE", "users.connect=1s"}}).empty());
}

TEST_CASE("no more connections are kept than there are") {
    CHECK(idle_connections({}) == 64);
    CHECK(idle_connections({.connections = 8}) == 8);
    CHECK(idle_connections({.connections = 8, .idle = 0}) == 0);
    CHECK(error_of(with(over_http, {"--source", "posts.connections=8"})).empty());
    CHECK(error_of(with(over_http, {"--source", "posts.idle=8", "--source", "posts.connections=8"})).empty());
    CHECK(error_of(with(over_http, {"--source", "posts.idle=9", "--source", "posts.connections=8"})) ==
          "muster: --source posts.idle=9 (flag): must be at most connections, which are 8");
    CHECK(error_of(with(over_http, {"--source", "posts.idle=300"}), {{"MUSTER_SOURCE", "posts.idle=1"}}) ==
          "muster: --source posts.idle=300 (flag): must be at most connections, which are 256");
}

} // namespace
} // namespace muster::config
