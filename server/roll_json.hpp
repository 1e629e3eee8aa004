// server/: the roll for programs: the same facts as roll_text.
#pragma once

#include "concurrency/registry.hpp"

#include <cstddef>
#include <string>

namespace muster::server {

/// {"totals","loops","verdicts","requests","background","abandoned","listeners","connections","limit"}. A task:
/// {"id","name","ref","loop","age_ms","time_left_ms","state","waits_for","resource","cancelled","function","at","stack",
/// "tasks"}; a request also "request_id","method","route","peer". Times are milliseconds. Pure.
[[nodiscard]] std::string roll_json(const concurrency::snapshot& taken, std::size_t limit);

} // namespace muster::server
