// Tests of config/size.
#include "config/size.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint64_t gib = 1024 * mib;

std::string complaint_about(std::string_view text, std::uint64_t least = 0, std::uint64_t most = 4 * gib) {
    const auto parsed = parse_size(text, least, most);
    return parsed ? "" : parsed.error();
}

TEST_CASE("a size is a whole number and its unit") {
    CHECK(parse_size("1B", 0, gib) == 1U);
    CHECK(parse_size("0B", 0, gib) == 0U);
    CHECK(parse_size("16KiB", 0, gib) == 16U * 1024);
    CHECK(parse_size("3MiB", 0, gib) == 3U * 1024 * 1024);
    CHECK(parse_size("1GiB", 0, gib) == gib);
}

TEST_CASE("what is no size is refused") {
    for (const auto* text : {"", "5", "KiB", "16K", "16kb", "16 KiB", " 1B", "1B ", "1.5MiB", "-1B", "+1B", "1TiB"}) {
        INFO(text);
        CHECK(complaint_about(text) == "not a size; write 512B, 16KiB or 1MiB");
    }
}

TEST_CASE("a size lies between its least and its most") {
    CHECK(complaint_about("1023B", 1024, gib) == "must be 1KiB to 1GiB");
    CHECK(complaint_about("1024B", 1024, gib).empty());
    CHECK(complaint_about("1025MiB", 1024, gib) == "must be 1KiB to 1GiB");
    CHECK(complaint_about("99999999999999999999B") == "must be 0B to 4GiB");
    CHECK(complaint_about("18446744073709551615GiB") == "must be 0B to 4GiB"); // times its unit it would wrap around
}

TEST_CASE("a size is shown as it can be read") {
    for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, std::uint64_t{1024},
                                      std::uint64_t{1536}, 5 * mib, gib}) {
        CHECK(parse_size(size_text(bytes), 0, gib) == bytes);
    }
    CHECK(size_text(16 * 1024) == "16KiB");
    CHECK(size_text(1000) == "1000B");
}

} // namespace
} // namespace muster::config
