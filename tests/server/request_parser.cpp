// tests of server/request_parser: every rule of HTTP/1.1 that a message can break, at every place where it can be cut.
#include "server/request_parser.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>
#include <utility>

using muster::server::parser_limits;
using muster::server::request_parser;
using outcome = request_parser::outcome;
using namespace std::literals;

namespace {

struct read {
    outcome what = outcome::need_more;
    int status = 0; // of a failure
    std::string detail;
    muster::handlers::request_head head;
    std::string rest; // bytes of the next message
    bool keep_alive = false;
    bool expects_continue = false;
};

// As the session does it: the first piece of `first` bytes, then pieces of `size` bytes.
read parse_cut(std::string_view bytes, std::size_t first, std::size_t size, const parser_limits& limits = {}) {
    request_parser parser(limits);
    std::string pending;
    read result;
    std::size_t next = first;
    for (;;) {
        const auto step = parser.feed(pending);
        pending.erase(0, step.consumed);
        result.what = step.what;
        if (step.what == outcome::failed || step.what == outcome::complete ||
            (step.what == outcome::need_more && bytes.empty())) {
            result.status = step.what == outcome::failed ? parser.failure().status : 0;
            result.detail = parser.failure().detail;
            CHECK(result.detail.empty() == (step.what != outcome::failed));
            result.keep_alive = step.what == outcome::complete && parser.keep_alive();
            result.expects_continue = parser.expects_continue();
            result.head = parser.take();
            result.rest = pending + std::string(bytes);
            return result;
        }
        if (step.what == outcome::need_more) {
            pending += bytes.substr(0, next);
            bytes.remove_prefix(std::min(next, bytes.size()));
            next = size;
        }
    }
}

read parse(std::string_view bytes, std::size_t size = std::string_view::npos, const parser_limits& limits = {}) {
    return parse_cut(bytes, size, size, limits);
}

bool same(const read& a, const read& b) {
    return a.what == b.what && a.status == b.status && a.detail == b.detail && a.head.method == b.head.method &&
           a.head.target == b.head.target && a.head.headers.lines() == b.head.headers.lines() &&
           a.head.body == b.head.body && a.keep_alive == b.keep_alive && a.expects_continue == b.expects_continue &&
           (a.what == outcome::failed || a.rest == b.rest);
}

// Parses it whole, byte by byte, and cut in two at every position: whatever the split, the same answer.
read parse_every_way(std::string_view bytes, const parser_limits& limits = {}) {
    const auto whole = parse(bytes, std::string_view::npos, limits);
    CAPTURE(bytes, whole.status, whole.detail);
    CHECK(same(parse(bytes, 1, limits), whole));
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        const auto halves = parse_cut(bytes, cut, std::string_view::npos, limits);
        if (!same(halves, whole)) {
            FAIL_CHECK("cut at " << cut << " it is " << halves.status << " " << halves.detail);
            break;
        }
    }
    return whole;
}

int status_of(std::string_view bytes) {
    return parse_every_way(bytes).status;
}

std::string with(std::string_view fields, std::string_view body = "", std::string_view method = "POST") {
    return std::string(method) + " /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string chunked(std::string_view body) {
    return with("Transfer-Encoding: chunked\r\n", body);
}

} // namespace

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

TEST_CASE("a target that is too long is a 414, a head that is too large a 431") {
    const std::string kilobyte(1024, 'x');
    std::string target = "/";
    for (int i = 0; i != 9; ++i) {
        target += kilobyte;
    }
    CHECK(parse("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n").status == 414);
    CHECK(parse("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", 100).status == 414);
    CHECK(parse("GET " + target + target, 100).status == 414); // not even its end has come
    CHECK(parse(std::string(9000, 'G'), 100).status == 501);

    std::string fields;
    for (int i = 0; i != 17; ++i) {
        fields += "X-" + std::to_string(i) + ": " + kilobyte + "\r\n";
    }
    CHECK(parse(with(fields)).status == 431);
    CHECK(parse(with(fields), 100).status == 431);
    CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x'), 100).status == 431);
    const auto large = parse(with("X-Large: " + kilobyte + target + "\r\n" + fields));
    CHECK(large.status == 431);
    CHECK(large.detail.find("X-Large") != std::string::npos); // RFC 6585, section 5
    CHECK(parse(with(fields)).detail.find("X-") == std::string::npos);

    std::string many;
    for (int i = 0; i != 101; ++i) {
        many += "A: b\r\n";
    }
    CHECK(parse(with(many)).status == 431);
}

TEST_CASE("a legitimate head is read whole wherever it is cut") {
    const auto ten = "GET /livez HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(10'000, 'a') + "\r\n\r\n";
    for (const std::size_t size : {1, 2, 7, 14, 1000, 8300, 9000}) {
        CAPTURE(size);
        const auto got = parse(ten, size);
        CHECK(got.status == 0);
        CHECK(got.what == outcome::complete);
        CHECK(got.head.headers.find("Cookie").value_or("").size() == 10'000);
    }
    const std::string longest = "GET /" + std::string(8 * 1024 - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n";
    for (const std::size_t size : {1, 7, 8000, 100'000}) {
        CHECK(parse(longest, size).what == outcome::complete);
    }
}

TEST_CASE("fields that are too large are a 431 wherever the request line is cut") {
    const auto large = "GET /livez HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(20'000, 'a') + "\r\n\r\n";
    for (const std::size_t size : {1, 7, 14, 9000, 100'000}) {
        CAPTURE(size);
        CHECK(parse(large, size).status == 431);
    }
}

TEST_CASE("another version is a 505 wherever it is cut") {
    const std::string_view two = "GET / HTTP/2.0\r\nHost: a\r\n\r\n";
    for (std::size_t cut = 1; cut != two.size(); ++cut) {
        CAPTURE(cut);
        CHECK(parse(two, cut).status == 505);
    }
}

TEST_CASE("a method that is longer than any is a 501, however much of it comes") {
    for (const std::size_t size : {1, 100, 9000, 100'000}) {
        CHECK(parse(std::string(40'000, 'A'), size).status == 501);
        CHECK(parse(std::string(33, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", size).status == 501);
        CHECK(parse(std::string(32, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", size).what == outcome::complete);
    }
}

TEST_CASE("each limit is met to the byte, wherever the message is cut") {
    parser_limits limits{.head = 60, .target = 10, .fields = 2, .body = 5, .extensions = 4};
    CHECK(parse_every_way("GET /2345678901 HTTP/1.1\r\nHost: a\r\n\r\n", limits).status == 414);
    CHECK(parse_every_way("GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n", limits).what == outcome::complete);
    const auto head = [](std::size_t size) {
        const std::string front = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        return front + std::string(size - 4 - front.size(), 'x') + "\r\n\r\n";
    };
    CHECK(parse_every_way(head(60), limits).what == outcome::complete);
    CHECK(parse_every_way(head(61), limits).status == 431);
    CHECK(parse_every_way("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nX: y\r\n\r\n", limits).status == 431);
    limits.head = 100;
    const auto post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"s;
    CHECK(parse_every_way(post + "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", limits).head.body == "hello");
    CHECK(parse_every_way(post + "3;a=b\r\nhel\r\n2\r\nlo\r\n0;\r\n\r\n", limits).status == 400);
    CHECK(parse_every_way(post + "3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n", limits).status == 413);
    CHECK(parse_every_way(post + "ffffffffffffffff\r\n", limits).status == 413);
    CHECK(parse_every_way(post + "0\r\nA: b\r\nA: b\r\n\r\n", limits).what == outcome::complete);
    CHECK(parse_every_way(post + "0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n", limits).status == 431);
    CHECK(parse_every_way(post + "0\r\nA: " + std::string(93, 'b') + "\r\n\r\n", limits).what == outcome::complete);
    CHECK(parse_every_way(post + "0\r\nA: " + std::string(94, 'b') + "\r\n\r\n", limits).status == 431);
    CHECK(parse_every_way("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n", limits).status == 413);
    std::string empty_lines;
    for (int i = 0; i != 50; ++i) {
        empty_lines += "\r\n";
    }
    CHECK(parse_every_way(empty_lines + head(60), limits).what == outcome::complete);
    CHECK(parse_every_way(empty_lines + "\r\n" + head(60), limits).status == 400);
}

TEST_CASE("a body that is too large is a 413, told by its length or found out by its chunks") {
    parser_limits small;
    small.body = 10;
    constexpr auto all = std::string_view::npos;
    CHECK(parse(with("Content-Length: 10\r\n", "0123456789"), all, small).what == outcome::complete);
    CHECK(parse(with("Content-Length: 11\r\n"), all, small).status == 413);
    CHECK(parse(with("Transfer-Encoding: chunked\r\n", "6\r\n012345\r\n5\r\n"), all, small).status == 413);
    CHECK(parse(with("Transfer-Encoding: chunked\r\n", "6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n"), 1, small).head.body ==
          "0123456789");
    CHECK(parse(with("Content-Length: 65537\r\n")).status == 413);
    CHECK(parse(with("Content-Length: 65536\r\n", std::string(65'536, 'x')), 1000).what == outcome::complete);
}

TEST_CASE("chunk extensions and trailers are bounded") {
    const auto head = with("Transfer-Encoding: chunked\r\n");
    CHECK(parse(head + "1;x=" + std::string(200'000, 'y'), 1000).status == 400);
    CHECK(parse(head + "1\r\nz\r\n1;x=" + std::string(200'000, 'y'), 1000).status == 400);
    CHECK(parse(head + std::string(200'000, '0'), 1000).status == 400);
    std::string sum = head;
    for (int i = 0; i != 100; ++i) {
        sum += "1;x=" + std::string(100, 'y') + "\r\nz\r\n";
    }
    CHECK(parse(sum, 1000).status == 400);
    CHECK(parse(head + "0\r\nX: " + std::string(200'000, 'y'), 1000).status == 431);
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
