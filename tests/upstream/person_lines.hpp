// tests/upstream: lines of JSON for the tests of reading and importing people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace muster::upstream::test {

/// A person as small as one can be, with posts of these ids.
[[nodiscard]] std::string person_line(std::string_view id, const std::vector<int>& posts = {},
                                      std::string_view name = "Ada");

/// `text` with the first `from` in it replaced; it must be there.
[[nodiscard]] std::string with(std::string text, std::string_view from, std::string_view to);

/// One whole person with everything in it: id 7, a profile, the posts 1 and 2.
[[nodiscard]] std::string whole_line();

} // namespace muster::upstream::test
