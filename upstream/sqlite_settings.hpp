// upstream/: what a source on SQLite needs to know, as plain values; the composition root fills it in from the
// configuration.
#pragma once

#include <cstddef>
#include <string>

namespace muster::upstream {

struct sqlite_settings {
    std::string name;        ///< "users", "profiles", "posts": in errors, logs and the roll
    std::string path;        ///< of the SQLite database
    std::size_t workers = 4; ///< threads, hence questions at once; at least 1
    std::size_t queue = 256; ///< questions that may wait for a worker
};

} // namespace muster::upstream
