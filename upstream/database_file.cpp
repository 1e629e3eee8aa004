// upstream/: see database_file.hpp.
#include "upstream/database_file.hpp"

#include <poll.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace muster::upstream {

using namespace std::chrono_literals;

void refuse_database(const std::string& path, const std::string& why) {
    throw database_refused(path + ": " + why);
}

file_kind look_at(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) {
        if (errno == ENOENT)
            return file_kind::absent;
        refuse_database(path, std::string("cannot be looked at: ") + std::strerror(errno));
    }
    if (S_ISDIR(found.st_mode))
        refuse_database(path, "is a directory, not a database file");
    if (!S_ISREG(found.st_mode)) // opening a FIFO would wait for its writer
        refuse_database(path, "is not a regular file");
    return found.st_size == 0 ? file_kind::empty : file_kind::filled;
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
            if (error.primary_code() != SQLITE_BUSY || waited >= lock_wait)
                throw;
        }
        ::poll(nullptr, 0, 5);
    }
}

bool has_log(const std::string& path) {
    return ::access((path + "-wal").c_str(), F_OK) == 0;
}

std::string explain(const sqlite_error& error) {
    const std::string detail = error.what();
    switch (error.primary_code()) {
    case SQLITE_NOTADB:
        return "is not an SQLite database";
    case SQLITE_CORRUPT:
        return "is damaged: " + detail;
    case SQLITE_BUSY:
        return "is locked by another process; gave up after " + std::to_string(lock_wait.count()) + " s";
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
        refuse_database(path, "its directory cannot be made: " + error.message());
    // SQLite would go on to say that there is no such file.
    if (::access(directory.empty() ? "." : directory.c_str(), W_OK | X_OK) != 0)
        refuse_database(path, std::string("nothing may be made in its directory: ") + std::strerror(errno));
}

} // namespace muster::upstream
