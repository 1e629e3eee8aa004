// tests of handlers/request: what a handler reads from it, above all a user's id.
#include "handlers/request.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace muster::handlers;
using muster::upstream::user_id;
using namespace std::literals;

namespace {

std::optional<user_id> id_of(std::string_view segment) {
    return path_parameter<user_id>::parse(segment);
}

} // namespace

TEST_CASE("a user's id is a positive number without leading zeros up to 2^63-1") {
    CHECK(id_of("1") == user_id{1});
    CHECK(id_of("10") == user_id{10});
    CHECK(id_of("1000000000000000000") == user_id{1'000'000'000'000'000'000});
    CHECK(id_of("9223372036854775807") == user_id{INT64_MAX});
}

TEST_CASE("everything else is no user's id") {
    for (const auto text : {""sv,
                            "0"sv,
                            "-1"sv,
                            "+1"sv,
                            "007"sv,
                            "01"sv,
                            "abc"sv,
                            "1e3"sv,
                            "1.0"sv,
                            " 1"sv,
                            "1 "sv,
                            "1;2"sv,
                            "1\0"sv,
                            "1x"sv,
                            "0x1"sv,
                            "9223372036854775808"sv,
                            "9999999999999999999"sv,
                            "10000000000000000000"sv,
                            "18446744073709551617"sv,
                            "\xD9\xA1"sv,
                            "%31"sv,
                            ".."sv}) {
        CAPTURE(text);
        CHECK(id_of(text) == std::nullopt);
    }
    CHECK(id_of(std::string(10'000, '1')) == std::nullopt);
}

TEST_CASE("a request gives back its parts") {
    header_list headers;
    headers.add("Accept", "text/html");
    path_parameters parameters;
    parameters.add("id", "a/b");
    const request seen({.method = "POST",
                        .target = "/x/a%2Fb?limit=1%30&limit=7",
                        .id = "r-1",
                        .headers = std::move(headers),
                        .body = "text"},
                       std::move(parameters));
    CHECK(seen.method() == method::post);
    CHECK(seen.method_token() == "POST");
    CHECK(seen.target() == "/x/a%2Fb?limit=1%30&limit=7");
    CHECK(seen.raw_path() == "/x/a%2Fb");
    CHECK(seen.path() == "/x/a/b");
    CHECK(seen.path<std::string>("id") == "a/b");
    CHECK(seen.raw_query() == "limit=1%30&limit=7");
    CHECK(seen.query("limit") == "10");
    CHECK(seen.query("format") == std::nullopt);
    CHECK(seen.header("accept") == "text/html");
    CHECK(seen.header("host") == std::nullopt);
    CHECK(seen.id() == "r-1");
    CHECK(seen.body() == "text");
}

TEST_CASE("a parameter that the route does not have is the program's fault") {
    const request seen(request_head{});
    CHECK_THROWS_AS(seen.path<user_id>("id"), std::logic_error);
}

TEST_CASE("methods are case-sensitive tokens") {
    for (const auto verb :
         {method::get, method::head, method::options, method::post, method::put, method::delete_, method::patch})
        CHECK(parse_method(to_string(verb)) == verb);
    CHECK(parse_method("get") == method::other);
    CHECK(parse_method("") == method::other);
    CHECK(parse_method("BREW") == method::other);
    CHECK(to_string(method::other) == "");
}
