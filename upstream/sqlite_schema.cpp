// upstream/: schema 1 of the database, its check at start, and its first filling. All of it is one SQLite transaction
// in place: rollback and locks are SQLite's, so a kill at any instant or a second start beside this one needs no more
// code (a temporary file renamed over the path would leave strays, and meet the -wal or -journal of a file removed
// before).
#include "upstream/sqlite_schema.hpp"

#include "upstream/sample_people.hpp"
#include "upstream/sqlite_database.hpp"

#include <poll.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

namespace muster::upstream {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds start_lock_wait{5};

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

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw database_refused(path + ": " + why);
}

enum class file_kind { absent, empty, filled };

file_kind look_at(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) {
        if (errno == ENOENT)
            return file_kind::absent;
        refuse(path, std::string("cannot be looked at: ") + std::strerror(errno));
    }
    if (S_ISDIR(found.st_mode))
        refuse(path, "is a directory, not a database file");
    if (!S_ISREG(found.st_mode)) // opening a FIFO would wait for its writer
        refuse(path, "is not a regular file");
    return found.st_size == 0 ? file_kind::empty : file_kind::filled;
}

std::int64_t number(sqlite_database& database, std::string_view sql) {
    auto query = database.query(sql);
    query.next();
    return query.integer(0);
}

bool has_tables(sqlite_database& database) {
    return number(database, "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view')") > 0;
}

// Nothing is read from the tables: one of them may be a view that takes its time.
void check_schema(sqlite_database& database, const std::string& path) {
    const auto version = number(database, "PRAGMA user_version");
    const auto expected = std::to_string(schema_version);
    if (version == 0)
        refuse(path,
               "is a database of something else: it has tables, but its schema number (PRAGMA user_version) is 0, "
               "expected " +
                   expected);
    if (version != schema_version)
        refuse(path, "has schema " + std::to_string(version) + ", expected " + expected + " (PRAGMA user_version)" +
                         (version > schema_version ? "; a newer muster made it" : ""));
    for (const auto statement : {statements::find_user, statements::find_profile, statements::latest_posts}) {
        try {
            static_cast<void>(database.query(statement));
        } catch (const sqlite_error& error) {
            if (error.primary_code() != SQLITE_ERROR)
                throw;
            refuse(path, "calls itself schema " + expected + ", but lacks a part of it: " + error.what());
        }
    }
}

void insert_sample_people(sqlite_database& database) {
    for (const auto& person : sample_people()) {
        const auto id = static_cast<std::int64_t>(person.who.id);
        database.query("INSERT INTO users (id, name, email, created_at) VALUES (?1, ?2, ?3, ?4)")
            .bind(id)
            .bind(person.who.name)
            .bind(person.who.email)
            .bind(person.who.created_at)
            .next();
        if (person.about)
            database
                .query("INSERT INTO profiles (user_id, bio, location, website, language) "
                       "VALUES (?1, ?2, ?3, ?4, ?5)")
                .bind(id)
                .bind(person.about->bio)
                .bind(person.about->location)
                .bind(person.about->website)
                .bind(person.about->language)
                .next();
        for (const auto& written : person.posts)
            database.query("INSERT INTO posts (id, author, title, body, published_at) VALUES (?1, ?2, ?3, ?4, ?5)")
                .bind(written.id)
                .bind(id)
                .bind(written.title)
                .bind(written.body)
                .bind(written.published_at)
                .next();
    }
}

// The mode cannot change inside a transaction. Two starts that change it at once each hold what the other one needs;
// SQLite tells both without asking the busy handler, so ask again.
void log_ahead(sqlite_database& database) {
    for (auto waited = 0ms; true; waited += 5ms) {
        try {
            return database.execute("PRAGMA journal_mode = WAL");
        } catch (const sqlite_error& error) {
            // A file system without shared memory: the journal stays, and only makes a writer and the readers wait for
            // each other.
            if (error.primary_code() == SQLITE_IOERR || error.primary_code() == SQLITE_CANTOPEN)
                return;
            if (error.primary_code() != SQLITE_BUSY || waited >= start_lock_wait)
                throw;
        }
        ::poll(nullptr, 0, 5);
    }
}

// False if somebody else filled it meanwhile. If it throws, closing the database rolls back.
bool fill(sqlite_database& database) {
    log_ahead(database);
    database.execute("BEGIN IMMEDIATE");
    if (has_tables(database)) {
        database.execute("ROLLBACK");
        return false;
    }
    database.execute(create_tables);
    insert_sample_people(database);
    database.execute("PRAGMA user_version = " + std::to_string(schema_version));
    database.execute("COMMIT");
    return true;
}

std::string explain(const sqlite_error& error) {
    const std::string detail = error.what();
    switch (error.primary_code()) {
    case SQLITE_NOTADB:
        return "is not an SQLite database";
    case SQLITE_CORRUPT:
        return "is damaged: " + detail;
    case SQLITE_BUSY:
        return "is locked by another process; gave up after " + std::to_string(start_lock_wait.count()) + " s";
    case SQLITE_FULL:
        return "cannot be written: " + detail;
    case SQLITE_READONLY:
        return "cannot be read without writing beside it (it has a write-ahead log, or a journal to be rolled back), "
               "and the file or its directory may not be written";
    default:
        return "cannot be used: " + detail;
    }
}

void make_directory_of(const std::string& path) {
    const auto directory = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!directory.empty())
        std::filesystem::create_directories(directory, error);
    if (error)
        refuse(path, "its directory cannot be made: " + error.message());
    // SQLite would go on to say that there is no such file.
    if (::access(directory.empty() ? "." : directory.c_str(), W_OK | X_OK) != 0)
        refuse(path, std::string("nothing may be made in its directory: ") + std::strerror(errno));
}

open_state prepare(const std::string& path, bool may_create, file_kind kind) {
    const bool make = kind != file_kind::filled;
    if (make && !may_create)
        refuse(path, std::string(kind == file_kind::absent ? "there is no such file" : "the file is empty") +
                         "; --seed makes it and fills it with sample people");
    if (kind == file_kind::absent)
        make_directory_of(path);

    // Closing must not change a file that is refused below: a log that is there stays; one that comes with our reading
    // is empty, and goes again.
    const bool log_found = ::access((path + "-wal").c_str(), F_OK) == 0;
    sqlite_database database(path, make ? sqlite_access::create : sqlite_access::read_write);
    database.limit_lock_wait(start_lock_wait);
    database.checkpoint_on_close(!log_found);
    if (!has_tables(database)) {
        if (!may_create)
            refuse(path, "the database has no tables; --seed makes them and fills them with sample people");
        if (!database.writable())
            refuse(path, "has no tables, and may not be written to make them");
        if (fill(database)) {
            database.checkpoint_on_close(true);
            return open_state::created;
        }
    }
    check_schema(database, path);
    database.checkpoint_on_close(true);
    return database.writable() ? open_state::opened : open_state::read_only;
}

} // namespace

open_state prepare_database(const std::string& path, bool named, bool seed) {
    if (path.empty())
        throw database_refused("a database needs a path: sqlite:PATH");
    const auto kind = look_at(path);
    try {
        return prepare(path, !named || seed, kind);
    } catch (const sqlite_error& error) {
        refuse(path, explain(error));
    }
}

} // namespace muster::upstream
