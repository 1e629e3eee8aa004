// tests of server/request_parser: every rule of HTTP/1.1 that a message can break, at every place where it can be cut.
#include "server/request_parser.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using muster::server::parser_limits;
using muster::server::request_parser;
using muster::server::valid_host;
using outcome = request_parser::outcome;

namespace {

struct read {
    outcome what = outcome::need_more;
    int status = 0; // of a failure
    muster::handlers::request_head head;
    std::string rest; // bytes of the next message
    bool keep_alive = false;
};

// As the session does it, with pieces of `size` bytes.
read parse(std::string_view bytes, std::size_t size = std::string_view::npos, const parser_limits& limits = {}) {
    request_parser parser(limits);
    std::string pending;
    read result;
    for (;;) {
        const auto step = parser.feed(pending);
        pending.erase(0, step.consumed);
        result.what = step.what;
        if (step.what == outcome::failed) {
            result.status = parser.failure().status;
            CHECK_FALSE(parser.failure().detail.empty());
            return result;
        }
        if (step.what == outcome::complete) {
            result.keep_alive = parser.keep_alive();
            result.head = parser.take();
            result.rest = pending + std::string(bytes);
            return result;
        }
        if (step.what == outcome::need_more) {
            if (bytes.empty()) {
                return result;
            }
            pending += bytes.substr(0, size);
            bytes.remove_prefix(std::min(size, bytes.size()));
        }
    }
}

int status_of(std::string_view bytes) {
    const int whole = parse(bytes).status;
    CHECK(parse(bytes, 1).status == whole); // a byte at a time it is the same
    return whole;
}

std::string with(std::string_view fields, std::string_view body = "", std::string_view method = "POST") {
    return std::string(method) + " /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
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

TEST_CASE("what can be a Host") {
    for (const auto* good :
         {"localhost", "a.example:80", "127.0.0.1:8080", "[::1]", "[::1]:8080", "a_b", "%41", "a:"}) {
        CHECK(valid_host(good));
    }
    for (const auto* bad :
         {"", ":80", "a:b", "a:123456", "[::1", "[]", "[::1]x", "a@b", "a,b c", "user:pw@h", "a\\b"}) {
        CHECK_FALSE(valid_host(bad));
    }
}

TEST_CASE("two ways to tell a body's length are a 400, as smugglers use them") {
    CHECK(status_of(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5, 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: +5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 0x5\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: -1\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: \r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length: 99999999999999999999\r\n", "hello")) == 400);
    CHECK(status_of(with("Content-Length : 5\r\n", "hello")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")) == 400);
    CHECK(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
}

TEST_CASE("a transfer coding other than chunked is a 501") {
    CHECK(status_of(with("Transfer-Encoding: gzip\r\n")) == 501);
    CHECK(status_of(with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")) == 501);
    CHECK(status_of(with("Transfer-Encoding: xchunked\r\n")) == 501);
    CHECK(status_of(with("Transfer-Encoding: identity\r\n")) == 501);
}

TEST_CASE("another version of HTTP is a 505, no version a 400") {
    CHECK(status_of("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
    CHECK(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
    CHECK(status_of("GET / HTTP/0.9\r\n\r\n") == 505);
    CHECK(status_of("GET / HTTQ/1.1\r\n\r\n") == 400);
    CHECK(status_of("GET /\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1 \r\n\r\n") == 400);
}

TEST_CASE("what is no request at all is a 400") {
    CHECK(status_of("\x16\x03\x01\x02\x01 a TLS hello\r\n\r\n") == 400);
    CHECK(status_of("GET  / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n") == 400);
    CHECK(status_of("GET / HTTP/1.1\r\n Host: a\r\n\r\n") == 400);
    CHECK(status_of(std::string("GET / HTTP/1.1\r\nHost: a\r\nX: a") + '\0' + "b\r\n\r\n") == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\n", "zz\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\n", "3\r\nabcXY\r\n")) == 400);
    CHECK(status_of(with("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n")) == 400);
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
    CHECK(parse(std::string(9000, 'G'), 100).status == 400);

    std::string fields;
    for (int i = 0; i != 17; ++i) {
        fields += "X-" + std::to_string(i) + ": " + kilobyte + "\r\n";
    }
    CHECK(parse(with(fields)).status == 431);
    CHECK(parse(with(fields), 100).status == 431);
    CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x'), 100).status == 431);

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

TEST_CASE("a method without an end is a 400, however much of it comes") {
    for (const std::size_t size : {100, 9000, 100'000}) {
        CHECK(parse(std::string(40'000, 'A'), size).status == 400);
        CHECK(parse(std::string(40'000, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", size).status == 400);
    }
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
    CHECK(parse("POST / HTTP/1.0\r\nExpect: a miracle\r\n\r\n").what == outcome::complete);
}

TEST_CASE("the connection goes on as HTTP says") {
    CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").keep_alive);
    CHECK_FALSE(parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
    CHECK(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}
