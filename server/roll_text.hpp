// server/: the roll for people, and for grep.
#pragma once

#include "concurrency/registry.hpp"

#include <cstddef>
#include <string>

namespace muster::server {

/// Totals first, then verdicts, requests as trees, background, abandoned, listeners and connections: every section is
/// there, also when it is empty. Pure.
[[nodiscard]] std::string roll_text(const concurrency::snapshot& taken, std::size_t limit);

} // namespace muster::server
