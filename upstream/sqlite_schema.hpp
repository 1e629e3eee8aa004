// upstream/: what muster's database looks like, and what a start does with the file it was given: make it, take it or
// refuse it. Called by the composition root before the first connection of a source.
#pragma once

#include "upstream/database_file.hpp"
#include "upstream/sqlite_database.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace muster::upstream {

/// The schema's number, kept in `PRAGMA user_version`.
inline constexpr int schema_version = 1;

/// What the sources ask; a database that cannot answer them is refused at start.
namespace statements {
inline constexpr std::string_view find_user = "SELECT id, name, email, created_at FROM users WHERE id = ?1";
inline constexpr std::string_view find_profile =
    "SELECT user_id, bio, location, website, language FROM profiles WHERE user_id = ?1";
inline constexpr std::string_view latest_posts = "SELECT id, author, title, body, published_at FROM posts "
                                                 "WHERE author = ?1 ORDER BY published_at DESC, id DESC LIMIT ?2";
} // namespace statements

/// What prepare_database found or did.
enum class open_state {
    opened,    ///< it was there, of this schema
    read_only, ///< the same, but the file may not be written: a journal left by a killed writer could not be rolled
               ///< back
    created,   ///< it was absent; made and filled with the sample people
};

/// Makes sure that `path` is a database of this schema. Absent means: no such file, an empty one, or one without
/// tables.
/// - absent, and not `named` (nobody asked for this path) or `seed`: made with its directory, filled with the sample
///   people in one transaction, and set to write-ahead logging. A start killed on the way leaves it absent, and of two
///   starts at once one fills it.
/// - absent, `named`, no `seed`: refused; nothing is made.
/// - there, of this schema: opened once read-write if permitted, which rolls back what a killed writer left. Its
///   journal mode stays; `seed` changes nothing.
/// - there, of another schema, or no database at all: refused, and not changed.
/// Throws database_refused. Waits at most 5 s for somebody else's lock. While it waits or fills it asks `stop` every
/// few milliseconds; once that says yes it throws job_interrupted, and what was absent is absent.
open_state prepare_database(const std::string& path, bool named, bool seed, const std::function<bool()>& stop = {});

// --- for the commands, which stand beside prepare_database

/// Nothing is read from the tables: one of them may be a view that takes its time.
[[nodiscard]] bool has_tables(sqlite_database& database);

/// `PRAGMA user_version`.
[[nodiscard]] std::int64_t version_of(sqlite_database& database);

/// Makes the tables of this schema and sets its number, in the caller's transaction.
void create_schema(sqlite_database& database);

/// Why a database with tables and the number `found` is not one of schema `expected`; nothing if it is. A phrase that
/// follows the file's name.
[[nodiscard]] std::optional<std::string> refusal_of_version(std::int64_t found, int expected, const std::string& path);

/// Throws database_refused unless it has this schema's number and answers what the sources ask.
void check_schema(sqlite_database& database, const std::string& path);

} // namespace muster::upstream
