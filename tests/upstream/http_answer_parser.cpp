// tests of upstream/http_answer_parser: every answer whole, and cut at every byte, which must change nothing.
#include "upstream/http_answer_parser.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using muster::upstream::answer_head;
using muster::upstream::answer_limits;
using muster::upstream::failure;
using muster::upstream::http_answer_parser;

namespace {

struct verdict {
    http_answer_parser::outcome what = http_answer_parser::outcome::need_more;
    failure kind = failure::failed;
    std::string reason;
    std::string body;
    std::string rest; // behind the answer
    answer_head head;
    bool keep_alive = false;
};

// The pieces of `bytes`, and then, if the parser still waits, the end of the connection.
verdict judge(const std::vector<std::string_view>& pieces, bool ends, answer_limits limits) {
    std::string body;
    http_answer_parser parser(limits, body);
    verdict result;
    std::string carried;
    for (const auto piece : pieces) {
        carried += piece;
        if (result.what != http_answer_parser::outcome::need_more) {
            continue;
        }
        const auto step = parser.feed(carried);
        carried.erase(0, step.consumed);
        result.what = step.what;
    }
    if (ends && result.what == http_answer_parser::outcome::need_more) {
        result.what = parser.end();
    }
    if (result.what == http_answer_parser::outcome::failed) {
        result.kind = parser.failed_with();
        result.reason = parser.reason();
    } else if (result.what == http_answer_parser::outcome::complete) {
        result.body = body;
        result.head = parser.head();
        result.keep_alive = parser.keep_alive();
        result.rest = carried;
    }
    return result;
}

// Whole, in two pieces cut anywhere, and byte by byte: always the same.
verdict judge(std::string_view bytes, bool ends = false, answer_limits limits = {}) {
    const auto whole = judge(std::vector{bytes}, ends, limits);
    std::vector<std::vector<std::string_view>> cuts;
    for (std::size_t at = 1; at < bytes.size(); ++at) {
        cuts.push_back({bytes.substr(0, at), bytes.substr(at)});
    }
    std::vector<std::string_view> single;
    for (std::size_t at = 0; at != bytes.size(); ++at) {
        single.push_back(bytes.substr(at, 1));
    }
    cuts.push_back(single);
    for (const auto& pieces : cuts) {
        const auto cut = judge(pieces, ends, limits);
        INFO("cut behind byte " << pieces.front().size() << " of: " << bytes);
        CHECK(cut.what == whole.what);
        CHECK(cut.kind == whole.kind);
        CHECK(cut.body == whole.body);
        CHECK(cut.rest == whole.rest);
        CHECK(cut.keep_alive == whole.keep_alive);
        CHECK(cut.head.status == whole.head.status);
    }
    return whole;
}

using outcome = http_answer_parser::outcome;

} // namespace

TEST_CASE("an answer with its length is complete with its last byte, and what is behind it is not its own") {
    const auto got = judge("HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n"
                           "Keep-Alive: timeout=5, max=100\r\n\r\n{}HTTP/1.1");
    CHECK(got.what == outcome::complete);
    CHECK(got.head.status == 200);
    CHECK(got.head.type == answer_head::media::json);
    CHECK(got.head.keep_alive_hint == 5s);
    CHECK_FALSE(got.head.coded);
    CHECK(got.body == "{}");
    CHECK(got.rest == "HTTP/1.1");
    CHECK(got.keep_alive);
}

TEST_CASE("a chunked answer is put together, its extensions and trailers are dropped") {
    const auto got = judge("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n");
    CHECK(got.what == outcome::complete);
    CHECK(got.body == "abcde");
    CHECK(got.keep_alive);
    CHECK(got.rest.empty());
}

TEST_CASE("interim answers are passed over, but not for ever, and a switch of protocols is refused") {
    const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    CHECK(judge("HTTP/1.1 100 Continue\r\n\r\n" + interim + "HTTP/1.1 204 No Content\r\n\r\n").head.status == 204);
    std::string storm;
    for (int i = 0; i != http_answer_parser::most_interim; ++i) {
        storm += interim;
    }
    CHECK(judge(storm + "HTTP/1.1 204 No Content\r\n\r\n").what == outcome::complete);
    const auto got = judge(storm + interim);
    CHECK(got.what == outcome::failed);
    CHECK(got.kind == failure::malformed);
    CHECK(judge("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").kind == failure::malformed);
}

TEST_CASE("an answer without a length ends with its connection, which is of no use then") {
    const auto got = judge("HTTP/1.1 200 OK\r\n\r\nabc", true);
    CHECK(got.what == outcome::complete);
    CHECK(got.body == "abc");
    CHECK_FALSE(got.keep_alive);
    CHECK(judge("HTTP/1.1 200 OK\r\n\r\nabc").what == outcome::need_more);
}

TEST_CASE("a connection goes on unless its version or its word says otherwise") {
    CHECK(judge("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
    CHECK_FALSE(judge("HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n").keep_alive);
    CHECK_FALSE(judge("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
    CHECK(judge("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").keep_alive);
}

TEST_CASE("a connection that ends before its answer is whole has closed it") {
    const auto* begun =
        GENERATE("H", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 100 Continue\r\n\r\n");
    const auto got = judge(begun, true);
    CHECK(got.what == outcome::failed);
    CHECK(got.kind == failure::closed);
    CHECK(got.reason == "it ended in the middle of its answer");
}

TEST_CASE("framing that two readers could take for two things is refused, as is what is no HTTP/1.1") {
    const auto* text =
        GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
                 "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab",
                 "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nab\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
                 "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
                 "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
                 "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                 "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 700 OK\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH",
                 "HTTX", "\x12\x04", "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", "HTTP/1.1 200 OK\r\n: x\r\n\r\n");
    INFO(text);
    const auto got = judge(text);
    CHECK(got.what == outcome::failed);
    CHECK(got.kind == failure::malformed);
    CHECK_FALSE(got.reason.empty());
}

TEST_CASE("there is an end to the size of a head, a body, and what stands around its chunks") {
    const answer_limits small{.head = 64, .body = 10};
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    CHECK(judge(ok + "Content-Length: 10\r\n\r\n0123456789", false, small).what == outcome::complete);
    const std::string too_large = GENERATE_COPY(
        ok + "Content-Length: 11\r\n\r\n01234567890",
        ok + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n", ok + "X: " + std::string(64, 'x'),
        ok + "X: " + std::string(64, 'x') + "\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok + "\r\n", ok + "\r\n01234567890",
        ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: 012345678901234567890\r\nB: 012345678901234567890\r\n"
             "C: 012345678901234567890\r\nD: 012345678901234567890\r\n\r\n");
    const auto got = judge(too_large, false, small);
    INFO(too_large);
    CHECK(got.what == outcome::failed);
    CHECK(got.kind == failure::too_large);
    const auto extensions = ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(5'000, 'x');
    CHECK(judge(std::vector<std::string_view>{extensions}, false, {}).kind == failure::malformed);
}

TEST_CASE("what else a head says of its body and of later") {
    CHECK(judge("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n").head.coded);
    CHECK_FALSE(judge("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 0\r\n\r\n").head.coded);
    const auto busy = judge("HTTP/1.1 503 No\r\nRetry-After: 120\r\nContent-Type: application/problem+json\r\n"
                            "Content-Length: 0\r\n\r\n");
    CHECK(busy.head.retry_after == 120s);
    CHECK(busy.head.type == answer_head::media::problem_json);
    const auto later =
        judge("HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Type: text/html\r\n"
              "Content-Length: 0\r\n\r\n");
    CHECK(later.head.retry_after == std::nullopt);
    CHECK(later.head.type == answer_head::media::other);
}
