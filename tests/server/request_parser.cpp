// tests of server/request_parser: request lines, targets and fields, cut at every place.
#include "server/request_parser.hpp"

#include "tests/server/parsed.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <utility>

using muster::server::request_parser;
using outcome = muster::server::request_parser::outcome;
using muster::tests::parsed::chunked;
using muster::tests::parsed::parse;
using muster::tests::parsed::parse_every_way;
using muster::tests::parsed::status_of;
using muster::tests::parsed::with;
using namespace std::literals;

TEST_CASE("a request is read whole, and what follows it is left for the next") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::string_view::npos}) {
        const auto got = parse("GET /user/1?x=y HTTP/1.1\r\nHost: localhost:8080\r\nX-A:  b \r\n\r\nGET /next", size);
        REQUIRE(got.what == outcome::complete);
        CHECK(got.head.method == "GET");
        CHECK(got.head.target == "/user/1?x=y");
        CHECK(got.head.headers.find("x-a") == "b");
        CHECK(got.head.body.empty());
        CHECK(got.rest == "GET /next");
        CHECK(got.keep_alive);
    }
}

TEST_CASE("empty lines before a request are passed over, but not for ever") {
    CHECK(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").what == outcome::complete);
    CHECK(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 1).what == outcome::complete);
    std::string lines;
    for (int i = 0; i != 20'000; ++i) {
        lines += "\r\n";
    }
    CHECK(parse(lines, 4096).status == 400);
}

TEST_CASE("a Host that is missing, doubled or malformed is a 400") {
    CHECK(status_of("GET / HTTP/1.1\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a b\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: \r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == 400);
    CHECK(parse("GET / HTTP/1.0\r\n\r\n").what == outcome::complete);
    CHECK(status_of("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
}

TEST_CASE("another major version of HTTP is a 505, no version a 400") {
    CHECK(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
    CHECK(status_of("GET / HTTP/0.9\r\n\r\n") == 505);
    CHECK(status_of("GET / HTTP/3.0\r\n\r\n") == 505);
    for (const auto* line :
         {"GET / HTTQ/1.1", "GET /", "GET / ", "GET", "GET / HTTP/1.1 ", "GET / HTTP/1.1\t", "GET / http/1.1",
          "GET / HTTP/1.10", "GET / HTTP/01.1", "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/+1.1", "GET / HTTP 1.1",
          "GET / HTTP/1,1", "GET / HTTP/a.1", "GET / HTTP/1.a", "GET / HTTP/2.0x"}) {
        CHECK(status_of(line + "\r\nHost: a\r\n\r\n"s) == 400);
    }
}

TEST_CASE("a later minor version is HTTP/1.1") {
    for (const auto* version : {"1.2", "1.5", "1.9"}) {
        const auto got = parse_every_way("GET /x HTTP/"s + version + "\r\nHost: a\r\nX-A: b\r\n\r\nGET");
        CHECK(got.what == outcome::complete);
        CHECK(got.keep_alive);
        CHECK(got.head.headers.find("X-A") == "b");
        CHECK(got.rest == "GET");
    }
    CHECK(status_of("GET / HTTP/1.2\r\n\r\n") == 400); // without Host, as in 1.1
}

TEST_CASE("a request line that is none is a 400, and says why") {
    for (const auto& [line, why] : {std::pair{" GET / HTTP/1.1\r\n", "begins with white space"},
                                    {"GET  / HTTP/1.1\r\n", "more than one space between method"},
                                    {"GET /  HTTP/1.1\r\n", "more than one space between target"},
                                    {"GET / HTTP/1.1 \r\n", "white space behind the version"},
                                    {"GET\t/ HTTP/1.1\r\n", "the method holds a tab"},
                                    {"GET /\tHTTP/1.1\r\n", "target holds a tab"},
                                    {"GET /a b HTTP/1.1\r\n", "must be percent-encoded"},
                                    {"GET /\xc3\xa9 HTTP/1.1\r\n", "percent-encoded"},
                                    {"GET /\x7f HTTP/1.1\r\n", "target holds byte 0x7F"},
                                    {"GET /\x1b HTTP/1.1\r\n", "target holds byte 0x1B"},
                                    {"G\x01T / HTTP/1.1\r\n", "the method holds byte 0x01"},
                                    {"G(T / HTTP/1.1\r\n", "the method holds '('"},
                                    {"GET / HTTP/1.1\n", "ends with an LF without CR"},
                                    {"GET / HTTP/1.1\rX", "holds a CR without LF"},
                                    {"GET /\r/ HTTP/1.1\r\n", "no version"},
                                    {"GET /\n", "no version"},
                                    {"\nGET / HTTP/1.1\r\n", "METHOD TARGET HTTP/1.1"},
                                    {"\rGET / HTTP/1.1\r\n", "METHOD TARGET HTTP/1.1"},
                                    {"\x16\x03\x01\x02\x01", "TLS"}}) {
        const auto got = parse_every_way(line + "Host: a\r\n\r\n"s);
        CAPTURE(line, got.detail);
        CHECK(got.status == 400);
        CHECK(got.detail.find(why) != std::string::npos);
    }
    CHECK(status_of("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"sv) == 400);
    CHECK(status_of("GET\0/ HTTP/1.1\r\nHost: a\r\n\r\n"sv) == 400);
}

TEST_CASE("a target that is none is a 400, and says why") {
    for (const auto& [target, why] : {std::pair{"/a#b", "fragment"},
                                      {"/a{b", "percent-encoded"},
                                      {"/a?[]", "percent-encoded"},
                                      {"/%", "hexadecimal"},
                                      {"/?%4", "hexadecimal"},
                                      {"hello", "neither a path"},
                                      {"a:80", "neither a path"},
                                      {"ftp://a/", "scheme"},
                                      {"http://me@a/", "user"},
                                      {"http:///hello", "no host"},
                                      {"http://[::1/", "host name or address"},
                                      {"http://a:99999/", "host name or address"},
                                      {"*", "OPTIONS only"}}) {
        const auto got = parse_every_way("GET "s + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        CAPTURE(target, got.detail);
        CHECK(got.status == 400);
        CHECK(got.detail.find(why) != std::string::npos);
    }
    CHECK(parse_every_way("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").what == outcome::complete);
    CHECK(parse_every_way("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n").what == outcome::complete);
    // What is wrong first is told, also when all of it comes at once.
    CHECK(parse_every_way("GET /# HTTP/1.1\r\nHost\r\n\r\n").detail.find("fragment") != std::string::npos);
}

TEST_CASE("of a target that goes wrong is told what stands before the fault, wherever it is cut") {
    for (const auto size : {std::string_view::npos, std::size_t{1}, std::size_t{3}}) {
        CHECK(parse("GET /cut\xff/x HTTP/1.1\r\nHost: a\r\n\r\n", size).head.target == "/cut");
        CHECK(parse("GET /user/1 HTTP/1,1\r\nHost: a\r\n\r\n", size).head.target == "/user/1");
        CHECK(parse("G\xffT / HTTP/1.1\r\nHost: a\r\n\r\n", size).head.target.empty());
    }
}

TEST_CASE("a byte that is no ASCII is refused where it stands in the target, whatever the method") {
    for (const auto* line : {"GET /a\x80", "GET /\xff", "CONNECT a\xc3", "CONNECT \xe2"}) {
        const auto got = parse_every_way(line); // the line has no end yet
        CAPTURE(line, got.detail);
        CHECK(got.status == 400);
        CHECK(got.detail.find("the request target holds byte 0x") != std::string::npos);
    }
    CHECK(parse("GET /~!").what == outcome::need_more);
}

TEST_CASE("a field line that is none is a 400, and says why") {
    for (const auto& [line, why] : {std::pair{"No colon\r\n"sv, "white space in or behind the name"},
                                    {"Nocolon\r\n", "has no colon"},
                                    {"X-A : b\r\n", "white space in or behind the name"},
                                    {"X-A\t: b\r\n", "white space in or behind the name"},
                                    {": b\r\n", "has no name"},
                                    {"X[A]: b\r\n", "holds '['"},
                                    {"X\xc3\xa9: b\r\n", "holds byte 0xC3"},
                                    {"X\0A: b\r\n"sv, "holds NUL"},
                                    {"X-A: b\0c\r\n"sv, "the value of X-A holds NUL"},
                                    {"X-A: b\x01"
                                     "c\r\n",
                                     "the value of X-A holds byte 0x01"},
                                    {"X-A: b\x7f\r\n", "the value of X-A holds byte 0x7F"},
                                    {"X-A: 0123456789abcdefghij\x1f"
                                     "0123456789\r\n",
                                     "the value of X-A holds byte 0x1F"},
                                    {"X-A: b\n", "X-A ends with an LF without CR"},
                                    {"X-A: b\rc\r\n", "X-A holds a CR without LF"},
                                    {"X-A: b\r\r\n", "X-A holds a CR without LF"},
                                    {"\n", "ends with an LF without CR"},
                                    {"\rX: y\r\n", "holds a CR without LF"},
                                    {"X-A: b\r\n c\r\n", "X-A is folded"},
                                    {"X-A: b\r\n\tc\r\n", "X-A is folded"},
                                    {"X-A:\r\n b\r\n", "X-A is folded"},
                                    {"X-A: b\r\n \r\n", "X-A is folded"}}) {
        const auto got = parse_every_way("GET /x HTTP/1.1\r\nHost: a\r\n" + std::string(line) + "X: y\r\n\r\n");
        CAPTURE(line, got.detail);
        CHECK(got.status == 400);
        CHECK(got.detail.find(why) != std::string::npos);
        CHECK(got.head.headers.find("Host") == "a"); // what came before it is known
    }
    CHECK(parse_every_way("GET /x HTTP/1.1\r\n Host: a\r\n\r\n").detail.find("before the first field") !=
          std::string::npos);
    CHECK(parse_every_way("GET /x HTTP/1.1\r\n\tHost: a\r\n\r\n").status == 400);
    const auto fine = parse_every_way("GET /x HTTP/1.1\r\nHost:\ta \t\r\nX-A:\r\nX-B: a\tb\xc3\xa9"
                                      "c\r\n\r\n");
    CHECK(fine.what == outcome::complete);
    CHECK(fine.head.headers.find("X-A") == "");
    CHECK(fine.head.headers.find("X-B") == "a\tb\xc3\xa9"
                                           "c");
}

TEST_CASE("a fault is told when it is there, not when the message ends") {
    for (const auto bytes :
         {"GET / HTTP/1.1\n"sv, "GET / HTTP/1.1\r\nHost: a\n"sv, "GET / HTTP/1.1\r\nHost: a\r\nNo "sv,
          "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n "sv, "GET / HTTP/2.0\r\n"sv, "GET  "sv, "nonsense\r"sv, "\x16"sv}) {
        CHECK(parse_every_way(bytes).what == outcome::failed);
        CHECK(parse_every_way(bytes.substr(0, bytes.size() - 1)).what == outcome::need_more);
    }
    for (const auto bytes : {"5\n"sv, "5\r\nhellox"sv, "g"sv, "0x"sv, "5;a=\"\n"sv, "0\r\nX\n"sv, "5 \r"sv, "-"sv}) {
        CHECK(parse_every_way(chunked(bytes)).what == outcome::failed);
        CHECK(parse_every_way(chunked(bytes.substr(0, bytes.size() - 1))).what == outcome::need_more);
    }
}

TEST_CASE("a request for HEAD is known as one whatever is wrong behind it, and no method is made up") {
    CHECK(parse_every_way("HEAD  / HTTP/1.1\r\n").head.method == "HEAD");
    CHECK(parse_every_way("HEAD /li").head.method == "HEAD");
    CHECK(parse_every_way("HEAD /x HTTP/1.1\r\nHost: a\r\nX: \n").head.target == "/x");
    CHECK(parse_every_way("BREW  / HTTP/1.1\r\n").head.method.empty());
    CHECK(parse_every_way("BREW / HTTP/1.1\r\n").head.method == "BREW");
}

TEST_CASE("another version is a 505 wherever it is cut") {
    const std::string_view two = "GET / HTTP/2.0\r\nHost: a\r\n\r\n";
    for (std::size_t cut = 1; cut != two.size(); ++cut) {
        CAPTURE(cut);
        CHECK(parse(two, cut).status == 505);
    }
}

TEST_CASE("an expectation other than 100-continue is a 417") {
    request_parser parser({});
    const auto bytes = with("Content-Length: 1\r\nExpect: 100-Continue\r\n");
    CHECK(parser.feed(bytes).what == outcome::head);
    CHECK(parser.expects_continue());
    CHECK(status_of(with("Content-Length: 1\r\nExpect: a miracle\r\n")) == 417);
    CHECK(status_of(with("Content-Length: 1\r\nExpect: 100-continue, a miracle\r\n")) == 417);
    CHECK(status_of(with("Content-Length: 1\r\nExpect: a miracle\r\nExpect: 100-continue\r\n")) == 417);
    CHECK(status_of(with("Content-Length: 1\r\nExpect: 100-continued\r\n")) == 417);
    CHECK(parse(with("Content-Length: 1\r\nExpect: 100-continue, 100-continue\r\n", "x")).expects_continue);
    CHECK_FALSE(parse(with("Content-Length: 1\r\nExpect:\r\n", "x")).expects_continue);
    CHECK_FALSE(parse("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\nx").expects_continue);
    CHECK(parse("POST / HTTP/1.0\r\nExpect: a miracle\r\n\r\n").what == outcome::complete);
}

TEST_CASE("the connection goes on as HTTP says") {
    CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
    CHECK(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
    CHECK(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive, Upgrade\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").keep_alive); // RFC 9112, 9.3
    CHECK_FALSE(parse("GET / HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n").keep_alive);
    CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\nConnection:\r\n\r\n").keep_alive);
    CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n").keep_alive);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nConnection: close;x\r\n\r\n") == 400);
}
