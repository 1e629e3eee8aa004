// Tests of config/keys.
#include "config/keys.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

namespace muster::config {
namespace {

TEST_CASE("every key is found by its name, and no two variables are alike") {
    std::set<std::string> variables;
    for (const auto& group : key_groups()) {
        for (const auto& each : group.keys) {
            CHECK(find_key(each.name) == &each);
            CHECK(variables.insert(variable_of(each.name)).second);
            CHECK_FALSE(variable_of(each.name).starts_with("MUSTER_SERVICE_")); // these are ignored
            CHECK_FALSE(variable_of(each.name).starts_with("MUSTER_PORT"));
        }
    }
    CHECK(find_key("nothing") == nullptr);
    CHECK(find_key("") == nullptr);
    CHECK(variable_of("read-timeout") == "MUSTER_READ_TIMEOUT");
}

TEST_CASE("every key refuses a value that makes no sense") {
    for (const auto& group : key_groups()) {
        for (const auto& each : group.keys) {
            INFO(each.name);
            settings all;
            CHECK(each.apply(all, each.value == "FILE" ? "" : "?", origin::flag).has_value());
            CHECK(all == settings{}); // and leaves everything as it was
        }
    }
}

TEST_CASE("a slip finds what was meant, a riddle nothing") {
    const std::vector<std::string> known{"timeout", "threads", "seed"};
    CHECK(nearest("timeot", known) == "timeout");
    CHECK(nearest("thraeds", known) == "threads");
    CHECK(nearest("timeout", known) == "timeout");
    CHECK(nearest("listen", known).empty());
    CHECK(nearest("", known).empty());
    CHECK(nearest(std::string(100'000, 'x'), known).empty());
}

} // namespace
} // namespace muster::config
