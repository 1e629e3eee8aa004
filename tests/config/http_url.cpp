// Tests of config/http_url: what stands behind "http:".
#include "config/http_url.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace muster::config {
namespace {

http_place place_of(std::string_view text) {
    const auto read = parse_http_place(text);
    INFO(text << ": " << (read ? std::string{} : read.error()));
    REQUIRE(read.has_value());
    return *read;
}

std::string complaint_about(std::string_view text) {
    const auto read = parse_http_place(text);
    return read ? "" : read.error();
}

TEST_CASE("a host with or without a port, which is 80 then") {
    CHECK(place_of("//posts:8081") == http_place{.host = "posts", .port = 8081, .path = {}});
    CHECK(place_of("//posts") == http_place{.host = "posts", .port = 80, .path = {}});
    CHECK(place_of("//posts/") == http_place{.host = "posts", .port = 80, .path = {}});
    CHECK(place_of("//Posts.Example.ORG.:65535/") ==
          http_place{.host = "posts.example.org.", .port = 65535, .path = {}});
    CHECK(place_of("//muster_posts-1:1").host == "muster_posts-1"); // a container's
    CHECK(place_of("//10.0.0.7:8080") == http_place{.host = "10.0.0.7", .port = 8080, .path = {}});
    CHECK(place_of("//4you.example").host == "4you.example");
    CHECK(place_of("//unix").host == "unix");
    CHECK(place_of("//" + std::string(63, 'a') + ".b").port == 80);
}

TEST_CASE("an IPv6 address stands in brackets") {
    CHECK(place_of("//[::1]:8080") == http_place{.host = "::1", .port = 8080, .path = {}});
    CHECK(place_of("//[2001:db8::7]/") == http_place{.host = "2001:db8::7", .port = 80, .path = {}});
    CHECK(complaint_about("//::1").starts_with("the host is not written right: an IPv6 address stands in brackets; "));
    for (const auto* text : {"//[::1", "//[]", "//[::1%eth0]:80", "//[10.0.0.1]", "//[", "//[posts]:80"}) {
        INFO(text);
        CHECK(complaint_about(text).starts_with("the brackets hold no IPv6 address (without a zone); "));
    }
    CHECK(complaint_about("//[::1]8080").starts_with("a colon and the port must follow the brackets; "));
}

TEST_CASE("a Unix socket is written as nginx writes it") {
    CHECK(place_of("//unix:/run/muster.sock") == http_place{.host = {}, .path = "/run/muster.sock"});
    CHECK(place_of("//UNIX:./run/m.sock:").path == "./run/m.sock");
    CHECK(place_of("//unix:../m.sock:/").path == "../m.sock");
    CHECK(place_of("//unix:/" + std::string(106, 'x')).path.size() == 107);
    CHECK(complaint_about("//unix:/" + std::string(107, 'x'))
              .starts_with("the path of a Unix socket has at most 107 bytes; "));
    for (const auto* text : {"//unix:", "//unix:8080", "//unix:m.sock", "//unix::/"}) { // is 8080 a port or a file?
        INFO(text);
        CHECK(complaint_about(text).starts_with("the path of a Unix socket begins with / or ./; write http://HOST:"));
    }
    CHECK(complaint_about("//unix:/run/").starts_with("the path of a Unix socket does not end with a slash; "));
    CHECK(complaint_about("//unix:/run/m.sock:/api")
              .starts_with("the path of a socket ends at the colon, and a path of requests behind it is not "));
}

TEST_CASE("what a source over HTTP cannot have is refused by its name") {
    const std::pair<const char*, const char*> cases[] = {
        {"//me@posts", "no user, password or other @ may stand in it: no authentication is sent in this version"},
        {"//me:secret@posts:80", "no user, password or other @ may stand in it: no authentication is sent in this "},
        {"//unix:/run/a@b", "no user, password or other @ may stand in it: no authentication is sent in this version"},
        {"//posts?x=1", "a query or a fragment has no meaning for a source"},
        {"//posts/#x", "a query or a fragment has no meaning for a source"},
        {"//posts/api", "a path is not supported: the routes of a source are /api/users/... from its root"},
        {"//posts//", "a path is not supported: the routes of a source are /api/users/... from its root"},
        {"posts:80", "two slashes must follow http:"},
        {"/posts:80", "two slashes must follow http:"},
        {"//", "no host"},
        {"//:80", "no host"},
        {"//posts:", "no port behind the colon"},
        {"//posts:0", "the port must be 1 to 65535"},
        {"//posts:65536", "the port must be 1 to 65535"},
        {"//posts:http", "the port must be a whole number, 1 to 65535"},
        {"//posts:80:81", "the host is not written right: an IPv6 address stands in brackets"},
        {"//10.0.0.256", "the host is no IPv4 address of four numbers, and no name either"},
        {"//127.1:80", "the host is no IPv4 address of four numbers, and no name either"},
        {"//1", "the host is no IPv4 address of four numbers, and no name either"},
        {"//a..b", "the host is neither a name (of a-z, 0-9, - and _) nor an address"},
        {"//po%73ts", "the host is neither a name (of a-z, 0-9, - and _) nor an address"},
        {"//a b", "the host is neither a name (of a-z, 0-9, - and _) nor an address"},
        {"//m\xc3\xbc.example", "the host is neither a name (of a-z, 0-9, - and _) nor an address"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        const auto complaint = complaint_about(text);
        CHECK(complaint.starts_with(expected));
        CHECK(complaint.contains("; write http://HOST:PORT ("));
        CHECK_FALSE(complaint.contains("secret"));
    }
    CHECK(complaint_about("//" + std::string(64, 'a')).starts_with("the host is neither"));
    CHECK(
        complaint_about("//" + std::string(127, 'a') + '.' + std::string(127, 'a')).starts_with("the host is neither"));
}

} // namespace
} // namespace muster::config
