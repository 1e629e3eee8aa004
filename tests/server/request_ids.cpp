// tests of server/request_ids.
#include "server/request_ids.hpp"

#include <catch2/catch_test_macros.hpp>

using muster::server::request_ids;
using muster::server::valid_request_id;

TEST_CASE("a client's request id is taken over only if it can forge nothing") {
    CHECK(valid_request_id("a"));
    CHECK(valid_request_id("Az09_-"));
    CHECK(valid_request_id(std::string(64, 'x')));
    CHECK_FALSE(valid_request_id(""));
    CHECK_FALSE(valid_request_id(std::string(65, 'x')));
    CHECK_FALSE(valid_request_id("a b"));
    CHECK_FALSE(valid_request_id("a\n"));
    CHECK_FALSE(valid_request_id("a\"b"));
    CHECK_FALSE(valid_request_id("\xC3\xA9"));
}

TEST_CASE("ids that are made are valid and never the same") {
    request_ids one;
    request_ids other;
    const auto first = one.next();
    CHECK(valid_request_id(first));
    CHECK(first != one.next());
    CHECK(first.substr(0, 12) != other.next().substr(0, 12));
    CHECK(one.of("mine") == "mine");
    CHECK(one.of("not mine") != "not mine");
}
