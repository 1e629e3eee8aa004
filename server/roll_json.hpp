// server/: the roll for programs: the same facts as roll_text.
#pragma once

#include "concurrency/registry.hpp"
#include "server/log_status.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace muster::server {

/// {"totals","loops","logs","verdicts","requests","background","abandoned","listeners","connections","limit"}. A task:
/// {"id","name","ref","loop","age_ms","time_left_ms","state","waits_for","resource","cancelled","function","at","stack",
/// "tasks"}; a request also "request_id","method","route","peer". A log: {"log","sink","written",
/// "dropped","waiting","stuck_ms","why","not_reopened"}. Times are milliseconds. Pure.
[[nodiscard]] std::string roll_json(const concurrency::snapshot& taken, std::size_t limit,
                                    const std::vector<log_status>& logs = {});

} // namespace muster::server
