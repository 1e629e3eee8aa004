// server/: what is left at the end of the process, in lines for its log.
#pragma once

#include "concurrency/registry.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace muster::server {

/// `work` is what a drain waits for; `all` is everything: background tasks and listeners, too, which serve on until
/// they are cancelled.
enum class remains { work, all };

/// A line for each task, so that each stands alone in a log: first the request's id, then the path through its tree,
/// its state, its function and its place. Requests come first (at most `most`, the oldest; then how many more there
/// are), then operations that were abandoned, connections that are in no request ("reading", "writing"), and loops that
/// do not answer. Idle and closing connections are nobody's work. Pure.
[[nodiscard]] std::vector<std::string> lines_of_remains(const concurrency::snapshot& taken, remains which,
                                                        std::size_t most);

} // namespace muster::server
