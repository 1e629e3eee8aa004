// tests of conformance, in-process: every vector through the session, whole and byte by byte, under virtual time. Over
// TCP the same vectors are run by driver.py; both read them with parsers of their own, which have to agree.
#include "tests/conformance/runner.hpp"
#include "tests/conformance/verdict.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

using namespace muster::tests::conformance;
using pieces = runner::pieces;

namespace {

const std::filesystem::path here = MUSTER_CONFORMANCE;

std::string text_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Ids that need not pass here: an id alone, or with "in-process". "ID cut" is about TCP.
std::set<std::string> known_failures() {
    std::set<std::string> known;
    std::istringstream lines(text_of(here / "known-failures"));
    for (std::string line; std::getline(lines, line);) {
        const auto id = line.substr(0, line.find(' '));
        if (!line.empty() && line.front() != '#' && (id == line || line.ends_with(" in-process"))) {
            known.insert(id);
        }
    }
    return known;
}

void run_all(pieces how) {
    const auto known = known_failures();
    const auto all = read_all(here / "vectors");
    CHECK(all.size() >= 300);
    runner runs;
    for (const auto& each : all) {
        const auto failure = runs.run(each, how);
        if (!failure.empty() && !known.contains(each.id)) {
            FAIL_CHECK(each.file << ": " << each.id << ": " << failure);
        }
    }
}

vector one(const std::string& lines) {
    return parse("[tried]\nwhy a test\nrule own\n" + lines, "text").front();
}

std::string tried(const std::string& lines, pieces how = pieces::one) {
    runner runs;
    return runs.run(one(lines), how);
}

} // namespace

TEST_CASE("every vector passes in one piece") {
    run_all(pieces::one);
}

TEST_CASE("every vector passes byte by byte") {
    run_all(pieces::single_bytes);
}

TEST_CASE("the runner sees what is not as expected") {
    const std::string asks = "send GET /livez HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n\n";
    CHECK(tried(asks + "answer 200 kept\nfield 1 Date\nno-field 1 Server\nbody 1 ok\n") == "");
    CHECK(tried(asks + "answer 404 kept\nanswer 200 kept\n") == "");
    CHECK(tried(asks + "answer 404 kept\n").starts_with("expected '404 kept', came 'HTTP/1.1 200 OK"));
    CHECK(tried(asks + "answer 200 closed\n").contains("expected '200 closed'"));
    CHECK(tried(asks + asks + "answer 200 kept\n").contains("expected '200 kept'"));
    CHECK(tried(asks + "answer 200 200 kept\n").contains("expected '200 200 kept'"));
    CHECK(tried(asks + "answer 200 kept\nfield 1 Allow\n").ends_with("answer 1 has Allow: (nothing)"));
    CHECK(tried(asks + "answer 200 kept\nfield 1 Content-Length 7\n").ends_with("answer 1 has Content-Length: 3"));
    CHECK(tried(asks + "answer 200 kept\nno-field 1 Date\n").ends_with("answer 1 has Date"));
    CHECK(tried(asks + "answer 200 kept\nbody 1 absent\n").contains("the body of answer 1 is"));
    CHECK(tried(asks + "answer 200 kept\nhead 1\n").contains("expected '200 kept'"));
    CHECK(tried(asks + "send GET\nanswer 200 kept\n").contains("expected '200 kept'"));
    CHECK(tried("send GET\nanswer 408 closed\n").ends_with("408: it came 2000 ms after all was sent"));
    CHECK(tried("send GET\nanswer timeout 408 closed\n") == "");
    CHECK(tried("send GET\nanswer timeout 408 closed\n", pieces::single_bytes) == "");
    CHECK(tried("send GET / HTTP/1.1\\r\\n\\r\\n\nanswer timeout 400 closed\n").contains("before the read timeout"));
}

TEST_CASE("a reset is told apart from a close, and an answer after a close is seen") {
    const auto v = one("send a\nanswer 400 closed\n");
    const std::string good = "HTTP/1.1 400 Bad Request\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n"
                             "Connection: close\r\n\r\n";
    const auto verdict = [&](const std::string& data, seen::ending end) {
        return judge(v, {.data = data, .end = end}, std::chrono::seconds(2));
    };
    CHECK(verdict(good, seen::ending::closed) == "");
    CHECK(verdict(good, seen::ending::reset).ends_with("reset instead of closed"));
    CHECK(verdict(good + good, seen::ending::closed).ends_with("answered once too often: 400"));
    CHECK(verdict(good + "x", seen::ending::closed).ends_with("an answer is cut off"));
    CHECK(verdict("HTTP/1.1 400 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n", seen::ending::closed)
              .ends_with("400 has no good Date"));
}

TEST_CASE("the parser of the vectors refuses every mistake, by file and line") {
    auto rest = text_of(here / "mistakes.txt");
    int cases = 0;
    for (auto at = rest.find("\n=== "); at != std::string::npos; ++cases) {
        rest = rest.substr(at + 5);
        at = rest.find("\n=== ");
        const auto end = rest.find('\n');
        const auto first = rest.substr(0, end);
        const auto text = at == std::string::npos ? rest.substr(end + 1) : rest.substr(end + 1, at - end);
        CAPTURE(first, text);
        const auto space = first.find(' ');
        if (space == std::string::npos) {
            CHECK(parse(text, "f.vectors").size() == 2);
            continue;
        }
        try {
            static_cast<void>(parse(text, "f.vectors"));
            FAIL_CHECK("no mistake was found");
        } catch (const mistake& m) {
            const std::string_view what = m.what();
            CAPTURE(what);
            CHECK(what.starts_with("f.vectors:" + first.substr(0, space) + ": "));
            CHECK(what.contains(first.substr(space + 1)));
        }
    }
    CHECK(cases > 50);
}

// Not a test of its own: test_agreement.py compares this with what vectors.py says.
TEST_CASE("digests", "[.]") {
    for (const auto& each : read_all(here / "vectors")) {
        std::cout << each.id << ' ' << each.digest() << '\n';
    }
}
