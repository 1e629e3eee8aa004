// tests of upstream/line_reader: every way in which lines lie across reads.
#include "upstream/line_reader.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

using namespace muster::upstream;

namespace {

struct seen {
    std::uint64_t number;
    std::string text;
    bool too_long = false;

    friend bool operator==(const seen&, const seen&) = default;
};

// Gives `text` out in pieces of `piece` bytes.
line_reader::source in_pieces(std::string text, std::size_t piece) {
    return [text = std::move(text), piece, at = std::size_t{0}](std::span<char> into) mutable {
        const auto count = std::min({piece, into.size(), text.size() - at});
        std::copy_n(text.data() + at, count, into.data());
        at += count;
        return count;
    };
}

std::vector<seen> read_all(const std::string& text, std::size_t piece, std::size_t longest = 100) {
    line_reader reader(in_pieces(text, piece), longest);
    std::vector<seen> all;
    while (const auto line = reader.next())
        all.push_back({line->number, std::string(line->text), line->too_long});
    CHECK(reader.bytes() == text.size());
    CHECK_FALSE(reader.next().has_value());
    return all;
}

using lines = std::vector<seen>;

} // namespace

TEST_CASE("lines end with LF or CRLF, the last one needs no end, however the reads cut them") {
    for (std::size_t piece = 1; piece <= 12; ++piece) {
        INFO(piece);
        CHECK(read_all("one\ntwo\r\n\nfour", piece) == lines{{1, "one"}, {2, "two"}, {3, ""}, {4, "four"}});
        CHECK(read_all("a\rb\r\r\n", piece) == lines{{1, "a\rb\r"}});
        CHECK(read_all("", piece).empty());
        CHECK(read_all("\n", piece) == lines{{1, ""}});
    }
}

TEST_CASE("a byte order mark is passed over at the start alone") {
    for (std::size_t piece = 1; piece <= 8; ++piece) {
        CHECK(read_all("\xef\xbb\xbfone\n\xef\xbb\xbftwo\n", piece) == lines{{1, "one"}, {2, "\xef\xbb\xbftwo"}});
        CHECK(read_all("\xef\xbb\xbf", piece).empty());
        CHECK(read_all("\xef\xbb", piece) == lines{{1, "\xef\xbb"}});
    }
}

TEST_CASE("a line that is too long is told and passed over, at any length") {
    for (std::size_t piece = 1; piece <= 12; ++piece) {
        INFO(piece);
        CHECK(read_all("12345\r\n123456\nab\n", piece, 5) == lines{{1, "12345"}, {2, "", true}, {3, "ab"}});
        CHECK(read_all("123456", piece, 5) == lines{{1, "", true}});
        CHECK(read_all("123456\r", piece, 5) == lines{{1, "", true}});
        CHECK(read_all(std::string(1000, 'x') + "\nab", piece, 5) == lines{{1, "", true}, {2, "ab"}});
    }
    const auto all = read_all(std::string(3'000'000, 'x') + '\n' + std::string(900'000, 'y'), 65'536, 1'000'000);
    REQUIRE(all.size() == 2);
    CHECK(all[0].too_long);
    CHECK(all[1].text == std::string(900'000, 'y'));
}

TEST_CASE("what the source throws comes through") {
    line_reader reader([](std::span<char>) -> std::size_t { throw std::runtime_error("a bad disk"); }, 100);
    CHECK_THROWS_AS(reader.next(), std::runtime_error);
}
