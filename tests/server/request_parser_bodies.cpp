// tests of server/request_parser: where a message ends, and where none of it is believed.
#include "server/request_parser.hpp"

#include "tests/server/parsed.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using outcome = muster::server::request_parser::outcome;
using muster::tests::parsed::chunked;
using muster::tests::parsed::parse;
using muster::tests::parsed::parse_every_way;
using muster::tests::parsed::status_of;
using muster::tests::parsed::with;
using namespace std::literals;

TEST_CASE("a body is read by its length or by its chunks, whose trailers are passed over") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::string_view::npos}) {
        CHECK(parse(with("Content-Length: 5\r\n", "hello"), size).head.body == "hello");
        const auto chunked =
            parse(with("Transfer-Encoding: chunked\r\n", "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: v\r\n\r\nGET"), size);
        CHECK(chunked.what == outcome::complete);
        CHECK(chunked.head.body == "hello");
        CHECK(chunked.rest == "GET");
        CHECK_FALSE(chunked.head.headers.find("X-T"));
    }
}

TEST_CASE("two ways to tell a body's length are a 400, as smugglers use them") {
    CHECK(status_of(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5\r\nTransfer-Encoding: gzip\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5, 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: +5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 0x5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: -1\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: \r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 99999999999999999999\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 18446744073709551621\r\n", "hello")) == 400); // 2^64 + 5
    CHECK(status_of(with("Content-Length: 5 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5,\r\n", "hello")) == 400);
    CHECK(parse_every_way(with("Content-Length: 0005\r\n", "hello")).head.body == "hello");
    CHECK(status_of(with("Content-Length : 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
}

TEST_CASE("a transfer coding that is not understood is a 501, one behind which nobody knows the end a 400") {
    CHECK(status_of(with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")) == 501);
    for (const auto* fields : {"Transfer-Encoding: gzip\r\n",
                               "Transfer-Encoding: xchunked\r\n",
                               "Transfer-Encoding: identity\r\n",
                               "Transfer-Encoding: chunked, gzip\r\n",
                               "Transfer-Encoding: chunked, identity\r\n",
                               "Transfer-Encoding: chunked;q=1\r\n",
                               "Transfer-Encoding: \"chunked\"\r\n",
                               "Transfer-Encoding: \r\n",
                               "Transfer-Encoding: ,\r\n",
                               "Transfer-Encoding: chunked chunked\r\n",
                               "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
                               "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
                               "Transfer-Encoding : chunked\r\n",
                               "Transfer-Encoding\t: chunked\r\n",
                               " Transfer-Encoding: chunked\r\n",
                               "Transfer-Encoding:\r\n chunked\r\n",
                               "Transfer-Encoding: chun\r\n ked\r\n",
                               "Transfer-Encoding: \013chunked\r\n",
                               "Transfer-Encoding: chunked\x0c\r\n",
                               "Transfer-Encoding: chunked\n\r\n",
                               "Transfer-Encoding: chunked\r\r\n",
                               "X: y\nTransfer-Encoding: chunked\r\n",
                               "X: y\rTransfer-Encoding: chunked\r\n",
                               "Transfer_Encoding\x00: chunked\r\n"}) {
        CHECK(status_of(with(fields, "0\r\n\r\n")) == 400);
    }
    CHECK(parse_every_way(with("Transfer-Encoding: CHUNKED\r\n", "0\r\n\r\n")).what == outcome::complete);
    CHECK(parse_every_way(with("Transfer-Encoding: , chunked ,\r\n", "0\r\n\r\n")).what == outcome::complete);
}

TEST_CASE("chunks are read by their grammar") {
    for (const auto body :
         {"5\r\nhello\r\n0\r\n\r\n"sv, "0000000000000005\r\nhello\r\n000\r\n\r\n"sv,
          "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"sv, "5;a\r\nhello\r\n0;b=c\r\n\r\n"sv,
          "5 ; a = b ;c\r\nhello\r\n0\r\n\r\n"sv, "5;a=\"b;c \\\" d\xc3\"\r\nhello\r\n0\r\n\r\n"sv,
          "5;a=\"\";b\r\nhello\r\n0\r\n\r\n"sv,
          "5\r\nhello\r\n0\r\nX-T: v\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\nHost: b\r\n\r\n"sv}) {
        const auto got = parse_every_way(chunked(std::string(body) + "GET"));
        CAPTURE(body, got.detail);
        CHECK(got.what == outcome::complete);
        CHECK(got.head.body == "hello");
        CHECK(got.head.headers.lines() == "Host: a\r\nTransfer-Encoding: chunked\r\n");
        CHECK(got.rest == "GET");
        CHECK(got.keep_alive);
    }
    const auto hex = parse_every_way(chunked("1a\r\n" + std::string(26, 'x') + "\r\nA\r\n0123456789\r\n0\r\n\r\n"));
    CHECK(hex.head.body.size() == 36);
}

TEST_CASE("trailers change nothing of the message, also not whether the connection goes on") {
    const auto got = parse_every_way(chunked("0\r\nConnection: close\r\n\r\n"));
    CHECK(got.what == outcome::complete);
    CHECK(got.keep_alive);
}

TEST_CASE("what is no chunk is a 400") {
    for (const auto body : {"zz\r\n"sv,
                            "\r\n"sv,
                            ";a\r\n"sv,
                            "3\r\nabcXY\r\n"sv,
                            "3\r\nabc\n0\r\n\r\n"sv,
                            "3\r\nabc\r0\r\n\r\n"sv,
                            "3\r\nabc0\r\n\r\n"sv,
                            "ffffffffffffffffff\r\n"sv,
                            "00000000000000005\r\nhello\r\n0\r\n\r\n"sv,
                            "+5\r\nhello\r\n0\r\n\r\n"sv,
                            "-5\r\nhello\r\n0\r\n\r\n"sv,
                            " 5\r\nhello\r\n0\r\n\r\n"sv,
                            "5 \r\nhello\r\n0\r\n\r\n"sv,
                            "\t5\r\n"sv,
                            "0x5\r\nhello\r\n0\r\n\r\n"sv,
                            "5_0\r\n"sv,
                            "5h\r\nhello\r\n0\r\n\r\n"sv,
                            "5\nhello\n0\n\n"sv,
                            "5\n\r\nhello"sv,
                            "5\rhello"sv,
                            "5\r\r\nhello"sv,
                            "5\0\r\nhello"sv,
                            "5;\r\nhello"sv,
                            "5; \r\nhello"sv,
                            "5;=b\r\nhello"sv,
                            "5;a=\r\nhello"sv,
                            "5;a=b c\r\nhello"sv,
                            "5;a \r\nhello"sv,
                            "5;a b\r\nhello"sv,
                            "5 a\r\nhello"sv,
                            "5;a=\"b\r\nhello\"\r\n"sv,
                            "5;a=\"b\nc\"\r\nhello"sv,
                            "5;a=\"b\0c\"\r\nhello"sv,
                            "5;a=\"b\\\rc\"\r\nhello"sv,
                            "5;a=\"b\"c\r\nhello"sv,
                            "5;a\n\r\nhello"sv,
                            "5,a\r\nhello"sv,
                            "0\n\r\n"sv,
                            "0\r\n\n"sv,
                            "0\r\n\rX"sv,
                            "0\r\n X: y\r\n\r\n"sv,
                            "0\r\nX : y\r\n\r\n"sv,
                            "0\r\nX: y\r\n z\r\n\r\n"sv,
                            "0\r\nX: \0\r\n\r\n"sv,
                            "0\r\nX\r\n\r\n"sv,
                            "0\r\n: y\r\n\r\n"sv,
                            "0\r\nX: y\n\r\n"sv,
                            "0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"sv}) {
        CHECK(status_of(chunked(body)) == 400);
    }
}
