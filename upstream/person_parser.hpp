// upstream/: one person as a line of JSON, the format of `muster import`: the fields are named as the API's documents
// name them (views/documents writes the same).
#pragma once

#include "upstream/models.hpp"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace muster::upstream {

/// What is wrong with a person.
struct bad_field {
    std::string field;  ///< "posts[2].id"; empty: the line as a whole. As it was written: not yet fit for a terminal
    std::string reason; ///< "is missing": a phrase that follows the field, or "the line"

    friend bool operator==(const bad_field&, const bad_field&) = default;
};

/// Reads {"user":{"id","name","email","created_at"},"profile":{"bio","location","website","language"},"posts":[{"id",
/// "title","body","published_at"},...]}. `profile` may be null or absent, `posts` absent; everything else is there,
/// once, and nothing else is. What it returns is as models.hpp promises: text is UTF-8 (and without U+0000, which
/// SQLite's own functions take for the end), ids are 1 .. 2^63-1 and those of the posts differ, times of the years
/// 0001 .. 9999 as the API writes them, a website is empty or an absolute http(s) URL, a language looks like a tag.
class person_parser {
  public:
    person_parser();
    ~person_parser();
    person_parser(const person_parser&) = delete;
    person_parser& operator=(const person_parser&) = delete;

    /// One parser is used for many lines and keeps its buffers. Throws nothing but std::bad_alloc.
    [[nodiscard]] std::expected<person, bad_field> parse(std::string_view line);

  private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

/// The first thing because of which `who`, written as a line, would not be read back; nothing if it would.
[[nodiscard]] std::optional<bad_field> find_fault(const person& who);

} // namespace muster::upstream
