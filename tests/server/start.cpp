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
    CHECK(connections_within(100, 36) == 22);
    CHECK(connections_within(0, 0) == 1);
    CHECK(muster::server::raise_descriptor_limit() >= 64);
}

TEST_CASE("connections leave descriptors for what loops open, and for those that are kept") {
    using muster::server::descriptors_of_loops;
    using muster::server::first_kept_descriptor;
    CHECK(descriptors_of_loops(40, 1) == 200);
    CHECK(descriptors_of_loops(2, 3) == 14);
    for (const std::size_t descriptors : {64, 128, 256, 300, 512, 1024, 4096}) {
        for (std::size_t loops = 1; loops <= 64; ++loops) {
            const auto opened = 36 + descriptors_of_loops(loops, 1);
            const auto places = connections_within(descriptors, opened);
            CAPTURE(descriptors, loops, places);
            // Who has a place also has a descriptor below those that are kept, if there is any.
            const auto below = static_cast<std::size_t>(first_kept_descriptor(descriptors));
            CHECK((places == 1 || opened + 20 + places <= below));
        }
    }
}

TEST_CASE("few descriptors are told of before anybody is refused for them") {
    using muster::server::descriptors_of_loops;
    using muster::server::warning_of_descriptors;
    CHECK_FALSE(warning_of_descriptors(1024, 36 + descriptors_of_loops(2, 1), 2));
    CHECK_FALSE(warning_of_descriptors(256, 36 + descriptors_of_loops(2, 1), 2));
    CHECK(
        warning_of_descriptors(256, 36 + descriptors_of_loops(20, 1), 20) ==
        "this process may have 256 open files (ulimit -n), and 20 loops and the sources need about 156: that leaves 50 "
        "connections; raise the limit, or lower --threads or the sources' "
        "connections");
    CHECK(warning_of_descriptors(256, 36 + descriptors_of_loops(48, 1), 48) ==
          "this process may have 256 open files (ulimit -n), and 48 loops and the sources need about 296: hardly a "
          "client finds a place, and the start may fail; raise the limit, or lower --threads or the sources' "
          "connections");
}

TEST_CASE("an address has a quarter of the connections, and 64 in a small house, but never all") {
    using muster::server::connections_per_address;
    CHECK(connections_per_address(10'000) == 2'500);
    CHECK(connections_per_address(256) == 64);
    CHECK(connections_per_address(92) == 64);
    CHECK(connections_per_address(64) == 48);
    CHECK(connections_per_address(4) == 3);
    CHECK(connections_per_address(1) == 1);
    CHECK(connections_per_address(0) == 1);
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

TEST_CASE("who asks for more connections than there is memory for is told") {
    using muster::server::warning_of_memory;
    CHECK_FALSE(warning_of_memory(512, 512, 64 * 1024 * 1024));
    const auto text = warning_of_memory(7000, 512, 64 * 1024 * 1024);
    REQUIRE(text);
    for (const auto* part : {"--max-connections 7000", "64 MiB of memory", "about 512 connections"}) {
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
