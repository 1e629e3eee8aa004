// tests of server/remote: an address of the system as a name and as one form of bytes.
#include "server/remote.hpp"

#include <arpa/inet.h>
#include <catch2/catch_test_macros.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

using muster::config::parse_ip;
using muster::server::remote_of;

TEST_CASE("an IPv4 peer is named with its port, and has one address whether it comes as IPv4 or as IPv6") {
    sockaddr_storage storage{};
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(40312);
    REQUIRE(::inet_pton(AF_INET, "192.0.2.1", &v4.sin_addr) == 1);
    const auto plain = remote_of(storage);
    CHECK(plain.name == "192.0.2.1:40312");
    CHECK(plain.address == parse_ip("192.0.2.1"));

    storage = {};
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    REQUIRE(::inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr) == 1);
    CHECK(remote_of(storage).address == plain.address);
}

TEST_CASE("an IPv6 peer is named in brackets, and a Unix socket's has no address") {
    sockaddr_storage storage{};
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(4000);
    REQUIRE(::inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr) == 1);
    CHECK(remote_of(storage).name == "[2001:db8::1]:4000");
    CHECK(remote_of(storage).address == parse_ip("2001:db8::1"));

    storage = {};
    storage.ss_family = AF_UNIX;
    CHECK(remote_of(storage).name == "unix");
    CHECK_FALSE(remote_of(storage).address);
}
