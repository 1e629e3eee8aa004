// server/: the roll for people, and for grep.
#pragma once

#include "concurrency/registry.hpp"
#include "server/log_status.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace muster::server {

/// Totals and logs first, then verdicts, requests as trees, background, abandoned, listeners and connections: every
/// section is there, also when it is empty. Pure.
[[nodiscard]] std::string roll_text(const concurrency::snapshot& taken, std::size_t limit,
                                    const std::vector<log_status>& logs = {});

} // namespace muster::server
