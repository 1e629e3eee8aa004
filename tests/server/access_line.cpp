// tests of server/access_line: what a record looks like, and that nothing in it can look like anything else.
#include "server/access_line.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

using muster::server::access_lines;
using muster::server::escaped;
using muster::server::request_record;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

request_record sample() {
    request_record record;
    record.began = std::chrono::system_clock::time_point(1'714'564'800'123ms); // 2024-05-01T12:00:00.123Z
    record.request_id = "r-1";
    record.peer = "127.0.0.1:40312";
    record.method = "GET";
    record.route = "/user/{id}";
    record.target = "/user/1?x=\"y\"";
    record.status = 200;
    record.took = 12'345'678ns;
    record.bytes = 512;
    return record;
}

std::string line(bool as_json, const request_record& record) {
    std::string text;
    access_lines(as_json).append(text, record);
    return text;
}

bool is_one_plain_line(const std::string& text) {
    return text.ends_with('\n') &&
           std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= ' ' && c <= '~'; });
}

} // namespace

TEST_CASE("a record is one line of text, its status and cause side by side") {
    auto record = sample();
    CHECK(line(false, record) ==
          "2024-05-01T12:00:00.123Z 200 - 12.346 ms 512 B GET /user/1?x=\"y\" route /user/{id} peer 127.0.0.1:40312 "
          "request r-1\n");
    record.status = 499;
    record.cause = "client_gone";
    CHECK(line(false, record).find(" 499 client_gone ") != std::string::npos);
}

TEST_CASE("a record is one object of JSON") {
    auto record = sample();
    auto read = json::parse(line(true, record));
    CHECK(read == json{{"time", "2024-05-01T12:00:00.123Z"},
                       {"request_id", "r-1"},
                       {"peer", "127.0.0.1:40312"},
                       {"method", "GET"},
                       {"route", "/user/{id}"},
                       {"target", "/user/1?x=\"y\""},
                       {"status", 200},
                       {"cause", nullptr},
                       {"duration_ms", 12.346},
                       {"bytes", 512}});
    record.cause = "client_gone";
    CHECK(json::parse(line(true, record))["cause"] == "client_gone");
}

TEST_CASE("a record tells the caller's budget, and which of its limits were none, if there is something to tell") {
    auto record = sample();
    record.budget = 250ms;
    record.ignored = 0b100100;
    CHECK(line(false, record).ends_with(" request r-1 budget 250 ms ignored grpc-timeout,Request-Timeout\n"));
    const auto read = json::parse(line(true, record));
    CHECK(read["budget_ms"] == 250);
    CHECK(read["ignored"] == json::array({"grpc-timeout", "Request-Timeout"}));
    record.budget.reset();
    CHECK(line(false, record).ends_with(" request r-1 ignored grpc-timeout,Request-Timeout\n"));
    CHECK_FALSE(json::parse(line(true, record)).contains("budget_ms"));
    CHECK_FALSE(json::parse(line(true, sample())).contains("ignored"));
}

TEST_CASE("what was never read is a dash, or null") {
    request_record record;
    record.began = std::chrono::system_clock::time_point(999ms);
    record.status = 400;
    CHECK(line(false, record) == "1970-01-01T00:00:00.999Z 400 - 0.000 ms 0 B - - route - peer - request -\n");
    const auto read = json::parse(line(true, record));
    for (const auto* name : {"request_id", "peer", "method", "route", "target", "cause"}) {
        CHECK(read[name].is_null());
    }
}

TEST_CASE("no byte of a target is obeyed, splits a line or a column, or is taken for an escape") {
    auto record = sample();
    record.target = std::string("/\x1b[2J\r\n\0 \\x41\x7f\xc3\xa4\xff\"", 18);
    record.method = "G\nT";
    record.request_id = "a\tb";
    for (const bool as_json : {false, true}) {
        const auto text = line(as_json, record);
        CHECK(is_one_plain_line(text));
    }
    CHECK(json::parse(line(true, record))["target"] == R"(/\x1b[2J\x0d\x0a\x00\x20\x5cx41\x7f\xc3\xa4\xff")");
    CHECK(line(false, record).find(R"( G\x0aT /\x1b[2J\x0d\x0a\x00\x20\x5cx41)") != std::string::npos);
}

TEST_CASE("who a target names as its user, and the password, stand in no line") {
    const auto shown = [](std::string_view target) {
        auto record = sample();
        record.target = target;
        const auto as_json = json::parse(line(true, record))["target"].get<std::string>();
        CHECK(line(false, record).find(" GET " + as_json + " route ") != std::string::npos);
        return as_json;
    };
    CHECK(shown("http://user:secret@host/a?b") == "http://***@host/a?b");
    CHECK(shown("HTTPS://user@host:80") == "HTTPS://***@host:80");
    CHECK(shown("http://a@secret@host?x") == "http://***@host?x"); // the last @ is the one
    CHECK(shown("//user:secret@host/") == "//***@host/");
    CHECK(shown("user:secret@host:443") == "***@host:443"); // CONNECT
    CHECK(shown("http:user:secret@host") == "***@host");
    const auto cut = "http://user:" + std::string(1012, 's'); // its @ is beyond what is kept
    CHECK(shown(cut) == "http://***");
    for (const auto* plain :
         {"/user/1?x=a@b", "/a//b@c", "*", "http://host/a@b", "http://host?a@b", "host:443", "/x://u@h/"}) {
        CHECK(shown(plain) == plain);
    }
}

TEST_CASE("a target is cut at 1 KiB when it is escaped, never inside an escape; other words at 80 bytes") {
    auto record = sample();
    record.target = std::string(5'000, 'a');
    record.method = std::string(200, 'M');
    const auto read = json::parse(line(true, record));
    CHECK(read["target"].get<std::string>().size() == 1024);
    CHECK(read["method"].get<std::string>().size() == 80);
    record.target = "/" + std::string(5'000, '\n');
    const auto target = json::parse(line(true, record))["target"].get<std::string>();
    CHECK(target.size() == 1021);
    CHECK(target.ends_with("\\x0a"));
    CHECK(line(true, record).size() < 4096); // one write to a pipe, which nothing can tear
    CHECK(escaped("abc", 2) == "ab");
    CHECK(escaped("a\n", 4) == "a");
}

TEST_CASE("the line about missing records has their number in both forms") {
    std::string text;
    const auto now = std::chrono::system_clock::time_point(0ms);
    access_lines(true).append_dropped(text, now, 17);
    CHECK(json::parse(text) == json{{"time", "1970-01-01T00:00:00.000Z"}, {"dropped", 17}});
    text.clear();
    access_lines(false).append_dropped(text, now, 1);
    CHECK(text == "1970-01-01T00:00:00.000Z dropped 1 record\n");
}

TEST_CASE("the time is right across the seconds") {
    auto record = sample();
    access_lines lines(false);
    std::string text;
    for (int i = 0; i != 3; ++i) {
        lines.append(text, record);
        record.began += 900ms;
    }
    CHECK(text.find("12:00:00.123Z") != std::string::npos);
    CHECK(text.find("12:00:01.023Z") != std::string::npos);
    CHECK(text.find("12:00:01.923Z") != std::string::npos);
}
