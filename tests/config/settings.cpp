// Tests of config/settings.
#include "config/settings.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the defaults are those of the manual") {
    const settings all;
    CHECK(all.listen == std::vector<endpoint>{tcp_endpoint{"127.0.0.1", 8080}});
    CHECK(all.admin == endpoint{tcp_endpoint{"127.0.0.1", 9090}});
    CHECK_FALSE(all.debug_on_public);
    CHECK_FALSE(all.reuse_port);
    CHECK_FALSE(all.max_connections.has_value());
    CHECK_FALSE(all.max_connections_per_address.has_value());
    for (const auto& source : {all.users, all.profiles, all.posts}) {
        CHECK(source.url.path == "data/muster.db");
        CHECK(source.url.kind == source_kind::sqlite);
        CHECK(source.given.empty());
        CHECK(source.policy.workers == 4);
        CHECK(source.policy.queue == 256);
        CHECK(source.policy.connections == 256);
        CHECK(idle_connections(source.policy) == 64);
        CHECK(source.policy.connect == 1s);
        CHECK(source.policy.idle_timeout == 30s);
        CHECK(source.policy.head == 16 * 1024);
        CHECK(source.policy.body == 8 * 1024 * 1024);
        CHECK(source.policy.deadline == deadline_dialect::x_request_timeout_ms);
    }
    CHECK(all.explain == explain_level::full);
    CHECK_FALSE(all.sources_named);
    CHECK_FALSE(all.seed);
    CHECK(all.timeout == 5s);
    CHECK(all.read_timeout == 15s);
    CHECK(all.write_timeout == 15s);
    CHECK(all.idle_timeout == 60s);
    CHECK(all.threads == 0);
    CHECK(all.level == log_level::info);
    CHECK(all.format == log_format::automatic);
}

TEST_CASE("a route has its own time limit or the common one") {
    settings all;
    all.routes = {{"/user/{id}", 2s, {}}};
    CHECK(timeout_of(all, "/user/{id}") == 2s);
    CHECK(timeout_of(all, "/user") == 5s);
}

TEST_CASE("the grace period outlasts the longest route unless it is set") {
    settings all;
    CHECK(drain_time(all) == 6s);
    all.routes = {{"/a", 2s, {}}, {"/b", 30s, {}}};
    CHECK(drain_time(all) == 31s);
    all.drain = 100ms;
    CHECK(drain_time(all) == 100ms);
}

} // namespace
} // namespace muster::config
