// tests of server/host: what can be a Host, and what cannot.
#include "server/host.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using muster::server::valid_host;
using namespace std::literals;

TEST_CASE("what can be a Host") {
    for (const auto good : {"localhost"sv,
                            "a.example:80"sv,
                            "127.0.0.1:8080"sv,
                            "999.1.1.1"sv,
                            "[::1]"sv,
                            "[::1]:8080"sv,
                            "[::]"sv,
                            "[2001:db8::1:2]:0"sv,
                            "[::ffff:192.0.2.1]"sv,
                            "[1:2:3:4:5:6:7:8]"sv,
                            "[v1.fe80::a+en1]"sv,
                            "[V7f.x]:1"sv,
                            "a_b"sv,
                            "%41"sv,
                            "a%2Fb"sv,
                            "a:"sv,
                            "[::1]:"sv,
                            "a:65535"sv,
                            "a:0"sv,
                            "a:00080"sv,
                            "~!$&'()*+,;="sv}) {
        CAPTURE(good);
        CHECK(valid_host(good));
    }
}

TEST_CASE("what cannot be a Host") {
    for (const auto bad : {""sv,
                           ":80"sv,
                           "a:b"sv,
                           "a:123456"sv,
                           "a:65536"sv,
                           "a:-1"sv,
                           "a:+1"sv,
                           "a:80:80"sv,
                           "a: 80"sv,
                           "[::1"sv,
                           "[]"sv,
                           "[::1]x"sv,
                           "[::1]80"sv,
                           "[::1]:x"sv,
                           "[:::1]"sv,
                           "[1::2::3]"sv,
                           "[12345::]"sv,
                           "[1:2:3]"sv,
                           "[1:2:3:4:5:6:7:8:9]"sv,
                           "[127.0.0.1]"sv,
                           "[::1%25lo]"sv,
                           "[::1%lo]"sv,
                           "[::g]"sv,
                           "[::1.2.3]"sv,
                           "[::\0]"sv,
                           "[v.x]"sv,
                           "[v1]"sv,
                           "[v1.]"sv,
                           "[vg.x]"sv,
                           "[v1.x/]"sv,
                           "::1"sv,
                           "a@b"sv,
                           "a,b c"sv,
                           "user:pw@h"sv,
                           "a\\b"sv,
                           "a/b"sv,
                           "a?b"sv,
                           "a#b"sv,
                           "a b"sv,
                           "a\tb"sv,
                           "%"sv,
                           "%4"sv,
                           "%zz"sv,
                           "a%2"sv,
                           "\xc3\xa9"sv,
                           "a\0"sv,
                           "a]"sv,
                           "\"a\""sv}) {
        CAPTURE(bad);
        CHECK_FALSE(valid_host(bad));
    }
    CHECK(valid_host(std::string(255, 'a')));
    CHECK_FALSE(valid_host(std::string(300, 'a')));
    CHECK_FALSE(valid_host("a:" + std::string(300, '0')));
}
