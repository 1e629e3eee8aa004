// tests/server: see parsed.hpp.
#include "tests/server/parsed.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

namespace muster::tests::parsed {

using server::parser_limits;
using server::request_parser;
using outcome = request_parser::outcome;

message parse_cut(std::string_view bytes, std::size_t first, std::size_t size, const parser_limits& limits) {
    request_parser parser(limits);
    std::string pending;
    message result;
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

message parse(std::string_view bytes, std::size_t size, const parser_limits& limits) {
    return parse_cut(bytes, size, size, limits);
}

bool same(const message& a, const message& b) {
    return a.what == b.what && a.status == b.status && a.detail == b.detail && a.head.method == b.head.method &&
           a.head.target == b.head.target && a.head.headers.lines() == b.head.headers.lines() &&
           a.head.body == b.head.body && a.keep_alive == b.keep_alive && a.expects_continue == b.expects_continue &&
           (a.what == outcome::failed || a.rest == b.rest);
}

message parse_every_way(std::string_view bytes, const parser_limits& limits) {
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

std::string with(std::string_view fields, std::string_view body, std::string_view method) {
    return std::string(method) + " /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

std::string chunked(std::string_view body) {
    return with("Transfer-Encoding: chunked\r\n", body);
}

} // namespace muster::tests::parsed
