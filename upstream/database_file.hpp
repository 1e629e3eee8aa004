// upstream/: the file behind a database, as everything but a source meets it: what lies there, what SQLite's refusals
// mean to an operator, and how long a lock is waited for.
#pragma once

#include "upstream/sqlite_database.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

namespace muster::upstream {

/// The database cannot be used: `what()` is one line for the operator, naming the file. Exit code 1.
class database_refused : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// How long a start or a command waits for somebody else's lock.
inline constexpr std::chrono::seconds lock_wait{5};

enum class file_kind { absent, empty, filled };

[[noreturn]] void refuse_database(const std::string& path, const std::string& why);

/// Throws database_refused if something lies there that can be no database.
[[nodiscard]] file_kind look_at(const std::string& path);

/// Throws database_refused if the directory cannot be made, or nothing may be made in it.
void make_directory_of(const std::string& path);

/// What SQLite's refusal means, as a phrase that follows the file's name.
[[nodiscard]] std::string explain(const sqlite_error& error);

/// Turns on write-ahead logging, if the file system lets it; not inside a transaction. Waits for locks.
void log_ahead(sqlite_database& database);

/// Somebody else's journal or log lies beside the file.
[[nodiscard]] bool has_log(const std::string& path);

/// Runs `work`; what SQLite refuses in it becomes database_refused.
template <class Work>
auto explained(const std::string& path, const Work& work) {
    try {
        return work();
    } catch (const sqlite_error& error) {
        refuse_database(path, explain(error));
    }
}

} // namespace muster::upstream
