// tests of server/base64: RFC 4648's own examples, and all that is none.
#include "server/base64.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using muster::server::decode_base64;

TEST_CASE("base64 is decoded as the RFC's examples say") {
    CHECK(decode_base64("") == "");
    CHECK(decode_base64("Zg==") == "f");
    CHECK(decode_base64("Zm8=") == "fo");
    CHECK(decode_base64("Zm9v") == "foo");
    CHECK(decode_base64("Zm9vYg==") == "foob");
    CHECK(decode_base64("Zm9vYmE=") == "fooba");
    CHECK(decode_base64("Zm9vYmFy") == "foobar");
    CHECK(decode_base64("QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == "Aladdin:open sesame"); // RFC 7617, section 2
    CHECK(decode_base64("+/+/") == "\xfb\xff\xbf");
    CHECK(decode_base64("AAAA") == std::string(3, '\0'));
}

TEST_CASE("what is not exactly base64 is not decoded") {
    using namespace std::string_view_literals;
    for (const auto text : {"Z"sv, "Zg"sv, "Zg="sv, "Zm9vYg"sv, "===="sv, "Z==="sv, "Zg==Zg=="sv, "Zm9v\n"sv, " Zm9v"sv,
                            "Zm-_"sv, "Zm9\0"sv, "Zh=="sv, "Zm9="sv, "=Zm9"sv, "Zm\xc3\xa9"sv}) {
        INFO(text);
        CHECK_FALSE(decode_base64(text));
    }
}
