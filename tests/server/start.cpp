// tests of server/greeting, limits and logging: the small things of a start.
#include "server/greeting.hpp"
#include "server/limits.hpp"
#include "server/logging.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <limits>
#include <string>

using muster::server::connections_within;
using muster::server::greeting;

TEST_CASE("the first lines say what is served where, from which sources, and what to try") {
    muster::config::settings settings;
    const auto text = greeting(
        settings, {.listening = {"127.0.0.1:8080"}, .admin = "127.0.0.1:9090", .loops = 2, .sample_people = true});
    CHECK(text.starts_with("muster "));
    for (const auto* part :
         {" serves http://127.0.0.1:8080 with 2 loops\n", "users, profiles and posts from sqlite:data/muster.db",
          "200 sample people", "admin listener on http://127.0.0.1:9090\n", "curl http://127.0.0.1:8080/user/1\n",
          "curl http://127.0.0.1:9090/debug/tasks\n"}) {
        CHECK(text.find(part) != std::string::npos);
    }
    settings.debug_on_public = true;
    CHECK(greeting(settings, {.listening = {"0.0.0.0:80"}, .admin = std::nullopt})
              .find("curl http://127.0.0.1:80/debug/tasks\n") != std::string::npos);
    settings.admin_token_file = "token";
    CHECK(greeting(settings, {.listening = {"0.0.0.0:80"}, .admin = std::nullopt})
              .find("curl http://127.0.0.1:80/debug/tasks -u :\"$(cat token)\"\n") != std::string::npos);
    CHECK(greeting(settings, {.listening = {"unix:/run/m.sock"}, .admin = std::nullopt})
              .find("curl --unix-socket /run/m.sock http://localhost/user/1\n") != std::string::npos);
    CHECK(greeting(settings, {.listening = {"[::]:80"}, .admin = std::nullopt}).find("http://[::1]:80/user/1") !=
          std::string::npos);
}

TEST_CASE("connections leave descriptors for everything else") {
    CHECK(connections_within(1024, 36) == 1024 - 128 - 36);
    CHECK(connections_within(100, 36) == 1);
    CHECK(connections_within(0, 0) == 1);
    CHECK(muster::server::raise_descriptor_limit() >= 64);
}

TEST_CASE("an address has a quarter of the connections, and 64 in a small house") {
    using muster::server::connections_per_address;
    CHECK(connections_per_address(10'000) == 2'500);
    CHECK(connections_per_address(256) == 64);
    CHECK(connections_per_address(92) == 64);
}

TEST_CASE("the last descriptors are not for connections") {
    CHECK(muster::server::first_kept_descriptor(64) == 48);
    CHECK(muster::server::first_kept_descriptor(10) == 5);
    CHECK(muster::server::first_kept_descriptor(1'000'000) == std::numeric_limits<int>::max());
}

TEST_CASE("who asks for more connections than there are descriptors is told") {
    using muster::server::warning_of_connections;
    CHECK_FALSE(warning_of_connections(860, 1024, 36));
    const auto text = warning_of_connections(5000, 1024, 36);
    REQUIRE(text);
    for (const auto* part : {"--max-connections 5000", "1024 open files", "about 860 connections"}) {
        CHECK(text->find(part) != std::string::npos);
    }
}

TEST_CASE("a line of the log in JSON can hold anything and stays one line") {
    const auto line = muster::server::json_line("2024-05-01T12:00:00.000Z", "info", "a \"b\"\n\xff c");
    CHECK(line.find('\n') == std::string::npos);
    const auto read = nlohmann::json::parse(line);
    CHECK(read["time"] == "2024-05-01T12:00:00.000Z");
    CHECK(read["level"] == "info");
    CHECK(read["message"].get<std::string>().starts_with("a \"b\"\n"));
}

TEST_CASE("a line of the log's text form holds nothing that a terminal would obey") {
    using muster::server::printable;
    CHECK(printable("request r-1 (GET /user/7): done") == "request r-1 (GET /user/7): done");
    CHECK(printable("\x1b[2J\x9b\xc3\xa4\n\r\x7f") == R"(\x1b[2J\x9b\xc3\xa4\x0a\x0d\x7f)");
    CHECK(printable(std::string_view("\0", 1)) == R"(\x00)");
}
