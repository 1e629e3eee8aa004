// upstream/: all people out of a database, one at a time. The work of `muster export`; how they are written is the
// caller's.
#pragma once

#include "upstream/models.hpp"

#include <functional>
#include <string>

namespace muster::upstream {

/// Hands every person of the database at `path` to `each`, in the order of their ids, their posts in the order of
/// theirs, as they were at one moment. Only what an import would read back: a row that no line can say (a text that is
/// not UTF-8, a time after the year 9999) throws database_refused, which names it. Throws also database_refused for
/// whatever is in the way, job_interrupted once `stop` says yes, and what `each` throws.
void export_people(const std::string& path, const std::function<bool()>& stop,
                   const std::function<void(const person&)>& each);

} // namespace muster::upstream
