// upstream/: schema 1 of the database, its check at start, and its first filling. All of it is one SQLite transaction
// in place: rollback and locks are SQLite's, so a kill at any instant or a second start beside this one needs no more
// code (a temporary file renamed over the path would leave strays, and meet the -wal or -journal of a file removed
// before).
#include "upstream/sqlite_schema.hpp"

#include "upstream/people_store.hpp"
#include "upstream/sample_people.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <utility>

namespace muster::upstream {

namespace {

constexpr const char* create_tables = R"(
CREATE TABLE users (
    id         INTEGER PRIMARY KEY CHECK (id > 0),
    name       TEXT NOT NULL,
    email      TEXT NOT NULL,
    created_at INTEGER NOT NULL -- seconds since the Unix epoch, UTC, here and below
) STRICT;
CREATE TABLE profiles (
    user_id  INTEGER PRIMARY KEY REFERENCES users (id),
    bio      TEXT NOT NULL,
    location TEXT NOT NULL,
    website  TEXT NOT NULL, -- empty, or an absolute http(s) URL
    language TEXT NOT NULL  -- a BCP 47 tag
) STRICT;
CREATE TABLE posts (
    id           INTEGER PRIMARY KEY,
    author       INTEGER NOT NULL REFERENCES users (id),
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    published_at INTEGER NOT NULL
) STRICT;
CREATE INDEX posts_of_author ON posts (author, published_at DESC, id DESC);
)";

std::int64_t number(sqlite_database& database, std::string_view sql) {
    auto query = database.query(sql);
    query.next();
    return query.integer(0);
}

void insert_sample_people(sqlite_database& database) {
    people_store store(database);
    for (const auto& each : sample_people()) {
        database.throw_if_stopped();
        store.insert(each);
    }
}

// False if somebody else filled it meanwhile. If it throws, closing the database rolls back.
bool fill(sqlite_database& database, const std::string& path) {
    log_ahead(database);
    database.execute("BEGIN IMMEDIATE");
    if (database.has_moved())
        refuse_database(path, "was removed while it was being made; try again");
    if (has_tables(database)) {
        database.execute("ROLLBACK");
        return false;
    }
    create_schema(database);
    insert_sample_people(database);
    database.execute("COMMIT");
    return true;
}

open_state prepare(const std::string& path, bool may_create, file_kind kind, std::function<bool()> stop) {
    const std::string how = "muster import fills it from a file, --seed with sample people";
    const bool make = kind != file_kind::filled;
    if (make && !may_create)
        refuse_database(path, (kind == file_kind::absent ? "there is no such file; " : "the file is empty; ") + how);
    if (kind == file_kind::absent)
        make_directory_of(path);

    // Closing must not change a file that is refused below: a log that is there stays; one that comes with our reading
    // is empty, and goes again.
    const bool log_found = has_log(path);
    sqlite_database database(path, make ? sqlite_access::create : sqlite_access::read_write);
    database.limit_lock_wait(lock_wait);
    database.stop_if(std::move(stop));
    database.checkpoint_on_close(!log_found);
    if (!has_tables(database)) {
        if (!may_create)
            refuse_database(path, "the database has no tables; " + how);
        if (!database.writable())
            refuse_database(path, "has no tables, and may not be written to make them");
        if (fill(database, path)) {
            database.checkpoint_on_close(true);
            return open_state::created;
        }
    }
    check_schema(database, path);
    database.checkpoint_on_close(true);
    return database.writable() ? open_state::opened : open_state::read_only;
}

} // namespace

bool has_tables(sqlite_database& database) {
    return number(database, "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view')") > 0;
}

std::int64_t version_of(sqlite_database& database) {
    return number(database, "PRAGMA user_version");
}

void create_schema(sqlite_database& database) {
    database.execute(create_tables);
    database.execute("PRAGMA user_version = " + std::to_string(schema_version));
}

std::optional<std::string> refusal_of_version(std::int64_t found, int expected, const std::string& path) {
    if (found == expected)
        return std::nullopt;
    const auto wanted = std::to_string(expected);
    if (found < 1)
        return "is a database of something else: it has tables, but its schema number (PRAGMA user_version) is " +
               std::to_string(found) + ", expected " + wanted;
    return "has schema " + std::to_string(found) + ", expected " + wanted + " (PRAGMA user_version); " +
           (found > expected ? "a newer muster made it"
                             : "muster migrate --data sqlite:" + path + " upgrades it (keep a copy)");
}

void check_schema(sqlite_database& database, const std::string& path) {
    if (const auto why = refusal_of_version(version_of(database), schema_version, path))
        refuse_database(path, *why);
    for (const auto statement : {statements::find_user, statements::find_profile, statements::latest_posts}) {
        try {
            static_cast<void>(database.query(statement));
        } catch (const sqlite_error& error) {
            if (error.primary_code() != SQLITE_ERROR)
                throw;
            refuse_database(path, "calls itself schema " + std::to_string(schema_version) +
                                      ", but lacks a part of it: " + error.what());
        }
    }
}

open_state prepare_database(const std::string& path, bool named, bool seed, const std::function<bool()>& stop) {
    if (path.empty())
        throw database_refused("a database needs a path: sqlite:PATH");
    const auto kind = look_at(path);
    return explained(path, [&] { return prepare(path, !named || seed, kind, stop); });
}

} // namespace muster::upstream
