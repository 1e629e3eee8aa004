// Tests of config/address.
#include "config/address.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

std::string complaint_about(std::string_view text) {
    const auto parsed = parse_endpoint(text);
    return parsed ? "" : parsed.error();
}

TEST_CASE("every form of an address is read, and written as it was read") {
    for (const std::string_view text : {"127.0.0.1:8080", "0.0.0.0:0", "localhost:65535", "[::1]:8080", "[::]:0",
                                        "[2001:db8::1]:443", "unix:/run/muster.sock", "unix:relative", "unix:/a:b"}) {
        INFO(text);
        const auto parsed = parse_endpoint(text);
        REQUIRE(parsed.has_value());
        CHECK(to_string(*parsed) == text);
    }
    CHECK(parse_endpoint("[::1]:80") == endpoint{tcp_endpoint{"::1", 80}});
    CHECK(parse_endpoint("unix:/a b") == endpoint{unix_endpoint{"/a b"}});
}

TEST_CASE("what is no address is refused with what to write instead") {
    CHECK(complaint_about("").starts_with("no port; write HOST:PORT"));
    CHECK(complaint_about("8080").starts_with("no port; write HOST:PORT"));
    CHECK(complaint_about("127.0.0.1").starts_with("no port; "));
    CHECK(complaint_about(":8080").starts_with("no host; "));
    CHECK(complaint_about("::1:8080") == "an IPv6 address stands in brackets: [::1]:8080");
    for (const auto* text : {"[::1]", "[::1", "[::1]8080", "[]", "["})
        CHECK(complaint_about(text).starts_with("not an address; "));
    for (const auto* text : {"example.org:80", "256.0.0.1:80", "1.2.3:80", "*:80", "[127.0.0.1]:80", "[]:80",
                             "[fe80::1%eth0]:80", " 127.0.0.1:80", "LOCALHOST:80", "http://127.0.0.1:80"}) {
        INFO(text);
        CHECK(complaint_about(text) != "");
    }
    CHECK(complaint_about("127.0.0.1:80\n") == "control characters are not allowed");
    CHECK(complaint_about(std::string_view{"unix:/a\0b", 9}) == "control characters are not allowed");
}

TEST_CASE("a port is a number up to 65535") {
    for (const auto* text : {"127.0.0.1:", "127.0.0.1:http", "127.0.0.1:+1", "127.0.0.1:-1", "127.0.0.1: 1"}) {
        INFO(text);
        CHECK(complaint_about(text) == "the port must be a whole number, 0 to 65535");
    }
    CHECK(complaint_about("127.0.0.1:65536") == "the port must be 0 to 65535");
    CHECK(complaint_about("[::1]:99999999999999999999") == "the port must be 0 to 65535");
}

TEST_CASE("the path of a Unix socket must fit into its address") {
    CHECK(complaint_about("unix:").starts_with("no path; "));
    CHECK(complaint_about("unix:@name").starts_with("abstract sockets are not supported"));
    CHECK(complaint_about("unix:" + std::string(107, 'a')) == "");
    CHECK(complaint_about("unix:" + std::string(108, 'a')) == "the path of a Unix socket has at most 107 bytes");
}

TEST_CASE("what only this machine reaches is local") {
    for (const auto* text :
         {"127.0.0.1:1", "127.200.3.4:1", "localhost:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "unix:/a"}) {
        INFO(text);
        CHECK(is_local(parse_endpoint(text).value()));
    }
    for (const auto* text : {"0.0.0.0:1", "10.0.0.1:1", "128.0.0.1:1", "[::]:1", "[::2]:1", "[::ffff:10.0.0.1]:1"}) {
        INFO(text);
        CHECK_FALSE(is_local(parse_endpoint(text).value()));
    }
}

} // namespace
} // namespace muster::config
