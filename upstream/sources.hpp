// upstream/: from settings to repositories; the one place that knows which kind of source stands behind which
// interface.
#pragma once

#include "concurrency/loop.hpp"
#include "upstream/http_settings.hpp"
#include "upstream/repositories.hpp"
#include "upstream/sqlite_settings.hpp"

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace muster::upstream {

using source_settings = std::variant<sqlite_settings, http_settings>;

/// The sources of a process. To be destroyed when no task uses them any more, and before the loops: waits for the jobs
/// that still run.
struct sources {
    std::unique_ptr<users_repository> users;
    std::unique_ptr<profiles_repository> profiles;
    std::unique_ptr<posts_repository> posts;
};

/// What each of the three is made from.
struct sources_settings {
    source_settings users;
    source_settings profiles;
    source_settings posts;
};

/// A line for the log, without a newline: what is found out of a source by and by, such as a name without an address.
/// From any thread.
using source_reporter = std::function<void(const std::string& line)>;

/// Of SQLite: starts the workers and opens their connections (see prepare_database, which comes first). Of HTTP: asks
/// for addresses, and connects to nobody. They are asked from `loops` only. Throws std::system_error if a thread cannot
/// be made.
[[nodiscard]] sources make_sources(const sources_settings& settings, const std::vector<concurrency::loop*>& loops,
                                   const source_reporter& report);

} // namespace muster::upstream
