// upstream/: see sqlite_migrations.hpp. A new schema is a new step here, create_tables in sqlite_schema.cpp, and one
// more database in tests/upstream/databases, which this version and all later ones have to take.
#include "upstream/sqlite_migrations.hpp"

#include "upstream/database_file.hpp"
#include "upstream/sqlite_schema.hpp"

namespace muster::upstream {

std::span<const migration> migrations() noexcept {
    return {};
}

migrated migrate_database(const std::string& path, std::span<const migration> steps,
                          const std::function<bool()>& stop) {
    const int target = steps.empty() ? schema_version : steps.back().to;
    if (look_at(path) == file_kind::absent)
        refuse_database(path, "there is no such file");
    return explained(path, [&] {
        const bool log_found = has_log(path);
        sqlite_database database(path, sqlite_access::read_write);
        database.limit_lock_wait(lock_wait);
        database.stop_if(stop);
        database.checkpoint_on_close(!log_found);
        // Looked at before the write lock is asked for, which not everybody may have.
        if (!has_tables(database))
            refuse_database(path, "the database has no tables");
        const auto judge = [&](std::int64_t version) {
            if (version < 1 || version > target)
                refuse_database(path, *refusal_of_version(version, target, path));
        };
        judge(version_of(database));
        if (version_of(database) == target) {
            if (target == schema_version)
                check_schema(database, path);
            return migrated{target, target};
        }
        if (!database.writable())
            refuse_database(path, "may not be written");
        database.execute("BEGIN IMMEDIATE");
        const auto from = version_of(database); // another one may have done it meanwhile
        judge(from);
        for (const auto& step : steps) {
            if (step.to <= from)
                continue;
            database.throw_if_stopped();
            database.execute(std::string(step.sql));
            database.execute("PRAGMA user_version = " + std::to_string(step.to));
        }
        if (target == schema_version)
            check_schema(database, path);
        database.execute("COMMIT");
        database.checkpoint_on_close(true);
        return migrated{from, target};
    });
}

} // namespace muster::upstream
