// upstream/: where a line stops being JSON. The fast parser says no without a place; this one walks the line again and
// finds it, which is done for bad lines only.
#pragma once

#include "upstream/person_parser.hpp"

#include <string_view>

namespace muster::upstream {

/// `line` is what the fast parser refused. The field is the one in which it goes wrong, as far as one had begun.
[[nodiscard]] bad_field find_json_fault(std::string_view line);

} // namespace muster::upstream
