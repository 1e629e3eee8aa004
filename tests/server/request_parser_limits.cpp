// tests of server/request_parser: what is too long or too large, to the byte.
#include "server/request_parser.hpp"

#include "tests/server/parsed.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

using muster::server::parser_limits;
using outcome = muster::server::request_parser::outcome;
using muster::tests::parsed::parse;
using muster::tests::parsed::parse_every_way;
using muster::tests::parsed::with;
using namespace std::literals;

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
