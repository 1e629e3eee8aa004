// server/: what `muster import` tells: bad lines, a progress line on a terminal, the sums at the end.
#pragma once

#include "upstream/people_import.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace muster::server {

using import_time = std::chrono::steady_clock::duration;

/// "people.jsonl:17: posts[2].id is missing": fit for one line of a terminal.
[[nodiscard]] std::string sentence_of(const std::string& input, const upstream::bad_line& bad);

/// "  12,000 people, 54,000/s, 37 %"; without the share if the input's `size` is not known.
[[nodiscard]] std::string progress_of(const upstream::import_counts& counts, import_time took, std::uint64_t bytes,
                                      std::optional<std::uint64_t> size);

/// "1,000 people: 900 new, 50 replaced, 40 unchanged, 10 bad lines skipped; 0.4 s, 2,500/s"
[[nodiscard]] std::string summary_of(const upstream::import_counts& counts, import_time took);

} // namespace muster::server
