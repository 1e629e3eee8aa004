// tests of server/import_report: what people read of an import.
#include "server/import_report.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace muster::server;
using namespace std::chrono_literals;

TEST_CASE("a bad line names input, number, field and reason, and nothing that a terminal would obey") {
    CHECK(sentence_of("people.jsonl", {.number = 17, .why = {"posts[2].id", "is missing"}}) ==
          "people.jsonl:17: posts[2].id is missing");
    CHECK(sentence_of("standard input", {.number = 1, .why = {"", "is cut short"}}) ==
          "standard input:1: the line is cut short");
    CHECK(sentence_of("a", {.number = 1, .why = {"user.\x1b[2J", "is no field of this format"}}) ==
          R"(a:1: user.\x1b[2J is no field of this format)");
}

TEST_CASE("the progress line tells people, rate and share") {
    const muster::upstream::import_counts counts{.people = 12'345};
    CHECK(progress_of(counts, 2s, 50, 200) == "  12,345 people, 6,172/s, 25 %");
    CHECK(progress_of(counts, 2s, 50, std::nullopt) == "  12,345 people, 6,172/s");
    CHECK(progress_of(counts, 2s, 50, 0) == "  12,345 people, 6,172/s");
    CHECK(progress_of({.people = 1}, 0s, 300, 200) == "  1 person, 1,000/s, 100 %"); // a file that grew
}

TEST_CASE("the sums at the end tell new, replaced, unchanged and skipped") {
    CHECK(summary_of({.people = 1'000'000, .added = 999'000, .replaced = 600, .unchanged = 400}, 100s) ==
          "1,000,000 people: 999,000 new, 600 replaced, 400 unchanged; 100.0 s, 10,000/s");
    CHECK(summary_of({.people = 3, .added = 2, .bad = 1}, 1s) ==
          "3 people: 2 new, 0 replaced, 0 unchanged, 1 bad line skipped; 1.0 s, 3/s");
}
