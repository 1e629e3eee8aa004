// upstream/: the people of a database that muster fills itself. Compiled in and the same on every machine and day, so
// that an example in the documentation stays true.
#pragma once

#include "upstream/models.hpp"

#include <vector>

namespace muster::upstream {

/// 200 people, ids 1 to 200, of 25 languages and 16 scripts. 1 is Ada Lovelace; 42 has 500 posts; every seventh other
/// has none, every eleventh no profile. Posts are in the order they were written.
[[nodiscard]] std::vector<person> sample_people();

} // namespace muster::upstream
