// upstream/: from an older schema to this version's. The work of `muster migrate`.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace muster::upstream {

/// One step: `sql` makes schema `to` out of schema `to` - 1, whoever's rows it meets.
struct migration {
    int to;
    std::string_view sql;
};

/// All steps of this version, in order; the last makes schema_version. Schema 1 is the first, so there is none yet.
[[nodiscard]] std::span<const migration> migrations() noexcept;

struct migrated {
    std::int64_t from;
    std::int64_t to; ///< the same: there was nothing to do, and nothing was done
};

/// Takes the database at `path` through the `steps` it lacks, to the last one's schema (without steps: to this
/// version's), in one transaction. A database that is absent, of something else or of a newer schema is refused and
/// not changed. Throws database_refused, and job_interrupted once `stop` says yes; then nothing was changed.
migrated migrate_database(const std::string& path, std::span<const migration> steps,
                          const std::function<bool()>& stop = {});

} // namespace muster::upstream
