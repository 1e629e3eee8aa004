// tests of server/named_peer: who is believed, and how far.
#include "server/named_peer.hpp"

#include <catch2/catch_test_macros.hpp>

#include <initializer_list>
#include <string>
#include <utility>

using muster::config::parse_network;
using muster::config::trusted_peers;
using muster::handlers::header_list;
using muster::server::named_peer;

namespace {

trusted_peers trusted() {
    return {{parse_network("10.0.0.0/8").value(), parse_network("2001:db8:1::/48").value()}, false};
}

std::string named(std::string_view peer, std::initializer_list<std::pair<const char*, const char*>> fields) {
    header_list headers;
    for (const auto& [name, value] : fields) {
        headers.add(name, value);
    }
    return named_peer(peer, headers, trusted());
}

std::string by_for(const char* value) {
    return named("10.0.0.1:5000", {{"X-Forwarded-For", value}});
}

std::string by_forwarded(const char* value) {
    return named("10.0.0.1:5000", {{"Forwarded", value}});
}

} // namespace

TEST_CASE("who is not trusted names nobody") {
    CHECK(named("192.0.2.9:5000", {{"X-Forwarded-For", "198.51.100.1"}}) == "192.0.2.9:5000");
    CHECK(named("192.0.2.9:5000", {{"Forwarded", "for=198.51.100.1"}}) == "192.0.2.9:5000");
    CHECK(named("unix", {{"X-Forwarded-For", "198.51.100.1"}}) == "unix");
    CHECK(named("10.0.0.1:5000", {}) == "10.0.0.1:5000");
    header_list headers;
    headers.add("X-Forwarded-For", "198.51.100.1");
    CHECK(named_peer("10.0.0.1:5000", headers, {}) == "10.0.0.1:5000");
    CHECK(named_peer("unix", headers, {{}, true}) == "198.51.100.1");
    CHECK(named_peer("10.0.0.1:5000", headers, {{}, true}) == "10.0.0.1:5000");
}

TEST_CASE("the last address that is not trusted is the peer, whatever a client wrote before it") {
    CHECK(by_for("198.51.100.1") == "198.51.100.1");
    CHECK(by_for("6.6.6.6, 198.51.100.1, 10.0.0.7") == "198.51.100.1");
    CHECK(by_for("10.0.0.9, 10.0.0.8") == "10.0.0.9");
    CHECK(named("10.0.0.1:5000", {{"X-Forwarded-For", "6.6.6.6"}, {"x-forwarded-for", "198.51.100.1"}}) ==
          "198.51.100.1");
    CHECK(by_forwarded("for=6.6.6.6, for=198.51.100.1;proto=https, For=10.0.0.7;by=10.0.0.1") == "198.51.100.1");
    CHECK(named("[2001:db8:1::1]:80", {{"Forwarded", "for=198.51.100.1"}}) == "198.51.100.1");
    CHECK(named("[::ffff:10.0.0.1]:80", {{"X-Forwarded-For", "198.51.100.1"}}) == "198.51.100.1");
}

TEST_CASE("addresses come in every form that proxies write, and are shown in one") {
    CHECK(by_for("198.51.100.1:4711") == "198.51.100.1:4711");
    CHECK(by_for("2001:DB8::17") == "2001:db8::17");
    CHECK(by_for("[2001:db8::17]") == "2001:db8::17");
    CHECK(by_for("[2001:db8::17]:4711") == "[2001:db8::17]:4711");
    CHECK(by_forwarded("for=\"[2001:db8::17]:4711\"") == "[2001:db8::17]:4711");
    CHECK(by_forwarded("for=\"[2001:db8::17]\"") == "2001:db8::17");
    CHECK(by_forwarded("For=\"198.51.100.1:4711\"") == "198.51.100.1:4711");
    CHECK(by_forwarded("for=[2001:db8::17]") == "2001:db8::17"); // not RFC 7239, but sent
    CHECK(by_forwarded("for=\"198.51.100.\\1\"") == "198.51.100.1");
    CHECK(by_forwarded("for=\"198.51.100.1:_port\"") == "198.51.100.1");
    CHECK(by_forwarded("proto=https;for=198.51.100.1;host=\"a, b; c\"") == "198.51.100.1");
    CHECK(by_forwarded(" ;for=198.51.100.1; ;by=_x") == "198.51.100.1");
}

TEST_CASE("what is hidden, unknown or malformed ends the search at the last good address") {
    for (const auto* bad : {"for=_hidden", "for=unknown", "proto=https", "for=", "for=\"\"", "for=x;for=198.51.100.1",
                            "for=198.51.100.1:99999", "for=\"[198.51.100.1]\"", "for=\"[::1\"", "for=198.51.100.1 x"}) {
        INFO(bad);
        CHECK(by_forwarded(bad) == "10.0.0.1:5000");
        CHECK(named("10.0.0.1:5000", {{"Forwarded", bad}, {"Forwarded", "for=10.0.0.7"}}) == "10.0.0.7");
    }
    CHECK(by_forwarded("for=6.6.6.6, for=_hidden, for=10.0.0.7") == "10.0.0.7");
    CHECK(by_forwarded("for=6.6.6.6;by=\", for=198.51.100.1") == "10.0.0.1:5000");
    CHECK(by_forwarded("for=6.6.6.6;by=\", for=\"[2001:db8::17]\"") == "10.0.0.1:5000");
    CHECK(by_for("6.6.6.6, unknown, 10.0.0.7") == "10.0.0.7");
    CHECK(by_for("6.6.6.6, , 10.0.0.7") == "10.0.0.7");
    CHECK(by_for("") == "10.0.0.1:5000");
    CHECK(by_for("6.6.6.6,") == "10.0.0.1:5000");
    CHECK(by_for("evil\x1b[2J") == "10.0.0.1:5000");
}

TEST_CASE("two headers that disagree name nobody: a client may have written one of them") {
    CHECK(named("10.0.0.1:5000", {{"Forwarded", "for=6.6.6.6"}, {"X-Forwarded-For", "198.51.100.1"}}) ==
          "10.0.0.1:5000");
    CHECK(named("10.0.0.1:5000", {{"Forwarded", "for=_x"}, {"X-Forwarded-For", "198.51.100.1"}}) == "10.0.0.1:5000");
    CHECK(named("10.0.0.1:5000", {{"Forwarded", "for=\"198.51.100.1:1\""}, {"X-Forwarded-For", "198.51.100.1"}}) ==
          "198.51.100.1:1");
}
