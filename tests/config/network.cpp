// Tests of config/network and of the key that reads it.
#include "config/network.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace muster::config {
namespace {

bool covers(std::string_view network, std::string_view address) {
    return parse_network(network).value().contains(parse_ip(address).value());
}

TEST_CASE("a network covers its addresses and no other") {
    CHECK(covers("10.0.0.0/8", "10.255.0.1"));
    CHECK_FALSE(covers("10.0.0.0/8", "11.0.0.1"));
    CHECK(covers("10.0.0.0/8", "::ffff:10.1.2.3"));
    CHECK(covers("192.0.2.128/25", "192.0.2.200"));
    CHECK_FALSE(covers("192.0.2.128/25", "192.0.2.127"));
    CHECK(covers("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(covers("192.0.2.1", "192.0.2.2"));
    CHECK(covers("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(covers("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(covers("0.0.0.0/0", "8.8.8.8"));
    CHECK_FALSE(covers("0.0.0.0/0", "2001:db8::1"));
    CHECK(covers("::/0", "8.8.8.8"));
    CHECK(covers("::1", "::1"));
}

TEST_CASE("an address is written as it is read") {
    for (const auto* text : {"127.0.0.1", "2001:db8::1", "::1", "::"})
        CHECK(to_string(parse_ip(text).value()) == text);
    CHECK(to_string(parse_ip("::ffff:10.1.2.3").value()) == "10.1.2.3");
    for (const auto* text : {"", "1.2.3", "1.2.3.4.5", "localhost", "[::1]", "fe80::1%eth0", "01.2.3.4"})
        CHECK_FALSE(parse_ip(text));
    CHECK_FALSE(parse_ip(std::string_view{"1.2.3.4\0", 8}));
}

TEST_CASE("what is no network is refused with what to write") {
    CHECK(parse_network("10.0.0.0/33").error() == "the length behind the slash must be 0 to 32");
    CHECK(parse_network("::/129").error().contains("0 to 128"));
    CHECK(parse_network("10.1.2.3/8").error().contains("write 10.0.0.0/8"));
    CHECK(parse_network("2001:db8::1/32").error().contains("write 2001:db8::/32"));
    for (const auto* text : {"", "/8", "ten/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/ 8"})
        CHECK_FALSE(parse_network(text));
}

TEST_CASE("trusted proxies are a list in every origin, and a higher one replaces it") {
    const auto all = settings_of({"--trusted-proxies", "10.0.0.0/8, ::1", "--trusted-proxies", "unix"});
    REQUIRE(all.trusted.networks.size() == 2);
    CHECK(all.trusted.contains(parse_ip("10.9.9.9").value()));
    CHECK(all.trusted.contains(parse_ip("::1").value()));
    CHECK_FALSE(all.trusted.contains(parse_ip("127.0.0.1").value()));
    CHECK(all.trusted.unix_sockets);
    CHECK(settings_of({"--trusted-proxies", "::1"}, {{"MUSTER_TRUSTED_PROXIES", "10.0.0.0/8,unix"}}).trusted ==
          trusted_peers{{parse_network("::1").value()}, false});
    CHECK(settings_of({}, {{"MUSTER_TRUSTED_PROXIES", "10.0.0.0/8,unix"}}).trusted ==
          trusted_peers{{parse_network("10.0.0.0/8").value()}, true});
    CHECK(settings{}.trusted == trusted_peers{});
}

} // namespace
} // namespace muster::config
