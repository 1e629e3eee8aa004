// tests of server/part_settings: what the sources are made from, and what they may open.
#include "server/part_settings.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <set>
#include <string>
#include <variant>

using namespace std::chrono_literals;
using namespace muster;

namespace {

config::source over_http(const std::string& url) {
    return {.url = config::parse_source_url(url).value(), .policy = {}, .given = {}};
}

} // namespace

TEST_CASE("a source over HTTP gets its place and all its policies") {
    config::settings all;
    all.posts = over_http("http://[::1]:8081");
    all.posts.policy = {.queue = 7,
                        .connections = 9,
                        .idle = 8,
                        .connect = 6s,
                        .idle_timeout = 5s,
                        .head = 4096,
                        .body = 3 << 20,
                        .deadline = config::deadline_dialect::grpc_timeout};
    const auto made = std::get<upstream::http_settings>(server::sources_of(all).posts);
    CHECK(made.name == "posts");
    CHECK(made.origin == upstream::http_origin{.host = "::1", .port = 8081, .unix_path = {}});
    CHECK(made.connections == 9);
    CHECK(made.idle == 8);
    CHECK(made.queue == 7);
    CHECK(made.connect == 6s);
    CHECK(made.idle_timeout == 5s);
    CHECK(made.head == 4096);
    CHECK(made.body == 3 << 20);
    CHECK(made.dialect == upstream::deadline_dialect::grpc_timeout);
    all.posts.policy = {.connections = 9};
    CHECK(std::get<upstream::http_settings>(server::sources_of(all).posts).idle == 9);
    all.posts.policy.deadline = config::deadline_dialect::off;
    CHECK(std::get<upstream::http_settings>(server::sources_of(all).posts).dialect == upstream::deadline_dialect::none);

    all.users = over_http("http://unix:/run/m.sock");
    CHECK(std::get<upstream::http_settings>(server::sources_of(all).users).origin.unix_path == "/run/m.sock");
    const auto profiles = std::get<upstream::sqlite_settings>(server::sources_of(all).profiles);
    CHECK(profiles.name == "profiles");
    CHECK(profiles.path == "data/muster.db");
}

TEST_CASE("only sources on SQLite have a database to prepare") {
    config::settings all;
    CHECK(server::databases_of(all) == std::set<std::string>{"data/muster.db"});
    all.users = over_http("http://far");
    all.posts.url.path = "posts.db";
    CHECK(server::databases_of(all) == std::set<std::string>{"data/muster.db", "posts.db"});
    all.profiles = all.posts = all.users;
    CHECK(server::databases_of(all).empty());
}

TEST_CASE("connections to sources are counted among what the process opens") {
    config::settings all;
    all.threads = 1;
    const auto on_sqlite = server::opened_for(all);
    all.posts = over_http("http://far");
    all.posts.policy.connections = 100;
    CHECK(server::opened_for(all) == on_sqlite - 3 * 4 + 100 + 4);
}
