// upstream/: from settings to repositories; the one place that knows which kind of source stands behind which
// interface.
#pragma once

#include "upstream/repositories.hpp"
#include "upstream/source_settings.hpp"

#include <memory>

namespace muster::upstream {

/// The sources of a process. To be destroyed when no task uses them any more, and before the loops: waits for the jobs
/// that still run.
struct sources {
    std::unique_ptr<users_repository> users;
    std::unique_ptr<profiles_repository> profiles;
    std::unique_ptr<posts_repository> posts;
};

/// Starts the workers and opens their connections (see prepare_database, which comes first). Throws std::system_error
/// if a thread cannot be made.
[[nodiscard]] sources make_sources(const source_settings& users, const source_settings& profiles,
                                   const source_settings& posts);

} // namespace muster::upstream
