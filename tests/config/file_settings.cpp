// Tests of config/file_settings: what a file may say, and how its errors read.
#include "config/file_settings.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <utility>

namespace muster::config {
namespace {

using namespace std::chrono_literals;

settings from_file(std::string_view text) {
    const scratch_directory scratch;
    return settings_of({"--config", scratch.write("muster.json", text)});
}

/// The error with the directory of the file cut out.
std::string file_error(std::string_view text) {
    const scratch_directory scratch;
    auto message = error_of({"--config", scratch.write("muster.json", text)});
    const auto directory = scratch.path().string() + '/';
    if (const auto found = message.find(directory); found != message.npos)
        message.erase(found, directory.size());
    return message;
}

TEST_CASE("a file can say all that can stand in one") {
    const auto all = from_file(R"({
        "listen": ["0.0.0.0:80", "unix:/run/m"], "admin": "off", "debug-on-public": true, "reuse-port": true,
        "max-connections": 10, "max-connections-per-address": 5, "data": "sqlite:d", "users": "sqlite:u", "profiles": "sqlite:p", "posts": "sqlite:o",
        "seed": true, "timeout": "1s", "read-timeout": "2s", "write-timeout": "3s", "idle-timeout": "4s",
        "head-timeout": "7s", "max-head": "32KiB", "max-target": "4KiB", "max-fields": 50, "max-body": "1MiB",
        "min-body-rate": "1KiB", "max-pipelined": 16, "max-buffered": "128MiB",
        "explain": "minimal", "drain": "6s", "drain-delay": "1s", "threads": 7, "log-level": "warn", "log-format": "json",
        "routes": {"/user/{id}": {"timeout": "2s"}, "/livez": {"timeout": "250ms"}},
        "sources": {"users": {"workers": 1}, "posts": {"workers": 8, "queue": 512}}
    })");
    CHECK(all.listen == std::vector<endpoint>{tcp_endpoint{"0.0.0.0", 80}, unix_endpoint{"/run/m"}});
    CHECK_FALSE(all.admin.has_value());
    CHECK(all.debug_on_public);
    CHECK(all.reuse_port);
    CHECK(all.max_connections == 10U);
    CHECK(all.max_connections_per_address == 5U);
    CHECK(from_file(R"({"max-connections-per-address": "off"})").max_connections_per_address == 0U);
    CHECK(all.users.url.path == "u");
    CHECK(all.profiles.url.path == "p");
    CHECK(all.posts.url.path == "o");
    CHECK(all.sources_named);
    CHECK(all.seed);
    CHECK(all.explain == explain_level::minimal);
    CHECK(all.timeout == 1s);
    CHECK(all.read_timeout == 2s);
    CHECK(all.write_timeout == 3s);
    CHECK(all.idle_timeout == 4s);
    CHECK(all.head_timeout == 7s);
    CHECK(all.limits == client_limits{.head = 32 * 1024,
                                      .target = 4 * 1024,
                                      .fields = 50,
                                      .body = 1024 * 1024,
                                      .body_rate = 1024,
                                      .pipelined = 16,
                                      .buffered = 128 * 1024 * 1024});
    CHECK(all.drain == 6s);
    CHECK(all.drain_delay == 1s);
    CHECK(all.threads == 7);
    CHECK(all.level == log_level::warn);
    CHECK(all.format == log_format::json);
    CHECK(timeout_of(all, "/user/{id}") == 2s);
    CHECK(timeout_of(all, "/livez") == 250ms);
    CHECK(all.users.policy == source_policy{.workers = 1});
    CHECK(all.profiles.policy == source_policy{});
    CHECK(all.posts.policy == source_policy{.workers = 8, .queue = 512});
    CHECK(all.config_file.ends_with("/muster.json"));
}

TEST_CASE("one source is more than all, whatever comes first in the file") {
    const auto all = from_file(R"({"posts": "sqlite:o", "data": "sqlite:d"})");
    CHECK(all.users.url.path == "d");
    CHECK(all.posts.url.path == "o");
}

TEST_CASE("one address needs no list") {
    CHECK(from_file(R"({"listen": "[::1]:1"})").listen == std::vector<endpoint>{tcp_endpoint{"::1", 1}});
    CHECK(from_file("{}").listen.size() == 1);
}

TEST_CASE("an error in the file names path, value and line") {
    const std::pair<const char*, const char*> cases[] = {
        {"{\n\n\"timeout\": \"5x\"}", R"(timeout = "5x" (muster.json:3): not a duration; write 250ms, 5s or 2m)"},
        {R"({"timeout": 5})", "timeout = 5 (muster.json:1): must be a text in quotes, not a number"},
        {R"({"timeout": ["5s"]})", "timeout = [...] (muster.json:1): must be a text in quotes, not a list"},
        {R"({"timeout": {"a": 1}})", "timeout = {...} (muster.json:1): must be a text in quotes, not an object"},
        {R"({"timeout": null})", "timeout = null (muster.json:1): must be a text in quotes, not null"},
        {R"({"threads": "4"})", R"(threads = "4" (muster.json:1): must be a number, not a text)"},
        {R"({"threads": -1})", "threads = -1 (muster.json:1): must be a whole number, 0 to 1024"},
        {R"({"threads": 1025})", "threads = 1025 (muster.json:1): must be 0 to 1024"},
        {R"({"seed": "yes"})", R"(seed = "yes" (muster.json:1): must be true or false, not a text)"},
        {R"({"listen": 8080})",
         "listen = 8080 (muster.json:1): must be a text in quotes or a list of them, not a number"},
        {R"({"listen": []})", "listen = [] (muster.json:1): must hold at least one"},
        {"{\"listen\": [\n\"127.0.0.1:1\",\n8080]}",
         "listen[1] = 8080 (muster.json:3): must be a text in quotes, not a number"},
        {R"({"listen": ["127.0.0.1:1", "127.0.0.1:1"]})", R"(listen[1] = "127.0.0.1:1" (muster.json:1): given twice)"},
        {R"({"log-level": ""})", R"(log-level = "" (muster.json:1): must be trace, debug, info, warn or error)"},
        {R"({"sources": {"posts": {"workers": 0}}})", "sources.posts.workers = 0 (muster.json:1): must be 1 to 1024"},
        {R"({"sources": {"posts": {"queue": "9"}}})",
         R"(sources.posts.queue = "9" (muster.json:1): must be a number, not a text)"},
        {R"({"sources": {"posts": {"connect": 1}}})",
         "sources.posts.connect = 1 (muster.json:1): must be a text in quotes, not a number"},
        {R"({"sources": {"posts": 4}})",
         R"(sources.posts = 4 (muster.json:1): must be an object such as {"workers": 4, "queue": 256}, not a number)"},
        {R"({"sources": []})",
         R"(sources = [...] (muster.json:1): must be an object such as {"posts": {"workers": 4}}, not a list)"},
        {R"({"routes": {"/user/{id}": {"timeout": "0s"}}})",
         R"(routes./user/{id}.timeout = "0s" (muster.json:1): must be longer than zero)"},
        {R"({"routes": {"/x": {"timeout": 5}}})",
         "routes./x.timeout = 5 (muster.json:1): must be a text in quotes, not a number"},
        {R"({"routes": {"/x": "5s"}})",
         R"(routes./x = "5s" (muster.json:1): must be an object such as {"timeout": "2s"}, not a text)"},
        {R"({"routes": true})", R"(routes = true (muster.json:1): must be an object such as )"
                                R"({"/user/{id}": {"timeout": "2s"}}, not true or false)"},
        {R"({"routes": {"user": {}}})", "routes.user (muster.json:1): a route begins with a slash, such as /user/{id}"},
    };
    for (const auto& [text, expected] : cases)
        CHECK(file_error(text) == std::string{"muster: "} + expected);
}

TEST_CASE("an unknown key in the file names its path") {
    CHECK(file_error("{\n\"timeot\": \"5s\"}") == "muster: timeot (muster.json:2): no such key; did you mean timeout?");
    CHECK(file_error(R"({"read_timeout": "5s"})") ==
          "muster: read_timeout (muster.json:1): no such key; did you mean read-timeout?");
    CHECK(file_error(R"({"zzzzzzzz": 1})") ==
          "muster: zzzzzzzz (muster.json:1): no such key; muster --help lists them");
    CHECK(file_error(R"({"sources": {"posts": {"wrkers": 4}}})") ==
          "muster: sources.posts.wrkers (muster.json:1): no such key; there are workers, queue, connections, idle, "
          "connect, "
          "idle-timeout, max-head, max-body and deadline");
    CHECK(file_error(R"({"sources": {"post": {"workers": 4}}})") ==
          "muster: sources.post (muster.json:1): no such key; there are users, profiles and posts");
    CHECK(file_error(R"({"routes": {"/x": {"limit": "5s"}}})") ==
          "muster: routes./x.limit (muster.json:1): no such key; there is timeout");
    CHECK(file_error("{\"a\\nb\": 1}") == R"(muster: a\x0ab (muster.json:1): no such key; muster --help lists them)");
}

TEST_CASE("keys that a file cannot hold are refused with the reason") {
    CHECK(file_error(R"({"config": "x"})") == "muster: config (muster.json:1): a file cannot name another");
    CHECK(file_error(R"({"source": "posts.workers=4"})") ==
          R"(muster: source (muster.json:1): in the file write "sources": {"posts": {"workers": 4, "queue": 256}})");
}

TEST_CASE("a syntax error names file, line and column") {
    CHECK(file_error("{\n  \"a\" 1}").starts_with("muster: muster.json:2:7: syntax error"));
}

TEST_CASE("a password in the file is not shown either") {
    const auto message = file_error(R"({"data": "postgres://me:secret@host/db"})");
    CHECK(message.starts_with(R"(muster: data = "postgres://me:***@host/db" (muster.json:1): postgres sources come )"));
}

TEST_CASE("a limit of a route says where it was given") {
    const auto all = from_file("{\"routes\": {\n\"/nope\": {\"timeout\": \"1s\"}}}");
    REQUIRE(all.routes.size() == 1);
    CHECK(all.routes[0].given_as.starts_with("routes./nope ("));
    CHECK(all.routes[0].given_as.ends_with("/muster.json:2)"));
}

TEST_CASE("a file that cannot be read names who named it") {
    CHECK(error_of({"--config", "/nonexistent.json"}) ==
          "muster: --config /nonexistent.json (flag): cannot be read: No such file or directory");
    CHECK(error_of({}, {{"MUSTER_CONFIG", "/nonexistent.json"}}) ==
          "muster: MUSTER_CONFIG=/nonexistent.json (environment): cannot be read: No such file or directory");
    CHECK(error_of({"--config", ""}) == "muster: --config \"\" (flag): must be the name of a file");
    CHECK(error_of({"--config", "/tmp"}) == "muster: --config /tmp (flag): is not a regular file");
}

} // namespace
} // namespace muster::config
