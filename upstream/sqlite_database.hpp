// upstream/: one open SQLite database, as the rest of the floor sees it: statements, errors as exceptions, and the two
// handlers that let another thread end a call. sqlite_connection (reading, for jobs) and sqlite_schema (start) stand
// on it; nobody above this floor sees it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace muster::upstream {

/// SQLite refused. `code()` is the extended result code; `what()` is SQLite's sentence, with the system's if there is
/// one.
class sqlite_error : public std::runtime_error {
  public:
    sqlite_error(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

    [[nodiscard]] int code() const noexcept { return code_; }

    [[nodiscard]] int primary_code() const noexcept { return code_ & 0xff; }

  private:
    int code_;
};

/// Thrown out of a call whose stop flag was set. Not a std::exception: nobody waits for it any more, since the flag is
/// set only when the awaiting scope was cancelled, or when the process was asked to end.
struct job_interrupted {};

enum class sqlite_access {
    read_only,
    read_write, ///< falls back to read-only, as SQLite does, if the file may not be written: see writable()
    create,     ///< read-write; makes an empty file if there is none
};

/// A statement on its way; borrowed from the database's cache and reset when it goes out of scope. It must not outlive
/// the database, and the same SQL must not be on its way twice at once.
class sqlite_query {
  public:
    sqlite_query(const sqlite_query&) = delete;
    sqlite_query& operator=(const sqlite_query&) = delete;
    ~sqlite_query();

    /// Binds the next parameter, left to right; text is copied.
    sqlite_query& bind(std::int64_t value);
    sqlite_query& bind(std::string_view value);

    /// True if there is a row; false at the end. Throws sqlite_error or job_interrupted.
    bool next();

    /// Column of the current row, from 0. A value of another type is a corrupt row: throws sqlite_error.
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] std::string text(int column) const;

  private:
    friend class sqlite_database;

    sqlite_query(class sqlite_database& database, sqlite3_stmt* statement) noexcept
        : database_(database),
          statement_(statement) {}

    void expect(int column, int type) const;

    sqlite_database& database_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
};

/// One connection of SQLite, used by one thread at a time (SQLITE_OPEN_NOMUTEX).
class sqlite_database {
  public:
    /// Opens `path`, always as a file: ":memory:", "file:..." and "" mean nothing special. Throws sqlite_error.
    sqlite_database(const std::string& path, sqlite_access access);
    sqlite_database(const sqlite_database&) = delete;
    sqlite_database& operator=(const sqlite_database&) = delete;
    ~sqlite_database();

    /// From now on a call ends with job_interrupted soon after `*stop` is set: the flag is read every 1,000 steps of
    /// the virtual machine, and at least every 5 ms while somebody else holds a lock. Null: nothing ends it. The flag
    /// must outlive the calls made under it. (sqlite3_interrupt is no substitute: it is lost if no statement runs yet.)
    void stop_when(const std::atomic<bool>* stop) noexcept { stop_ = stop; }

    /// The same with a question that is asked as often, instead of a flag; it must not throw. Empty: nothing ends a
    /// call.
    void stop_if(std::function<bool()> asked) noexcept { asked_ = std::move(asked); }

    /// For work of many short calls, none of which looks at the flag by itself.
    void throw_if_stopped() const {
        if (stopped())
            throw job_interrupted{};
    }

    /// How long a call waits for somebody else's lock before it throws SQLITE_BUSY. Zero, the default: as long as the
    /// stop flag lets it.
    void limit_lock_wait(std::chrono::milliseconds limit) noexcept { lock_limit_ = limit; }

    /// The statement for `sql`, prepared at its first use and kept.
    [[nodiscard]] sqlite_query query(std::string_view sql);

    /// Runs statements that answer no rows of interest.
    void execute(const std::string& sql);

    /// False if the file could only be opened for reading.
    [[nodiscard]] bool writable() const;

    /// Whether the file was removed, or another put in its place, since it was opened.
    [[nodiscard]] bool has_moved() const;

    /// Whether closing the last connection moves a write-ahead log into the file and removes it. On by default.
    void checkpoint_on_close(bool on);

  private:
    friend class sqlite_query;

    struct closer {
        void operator()(sqlite3* handle) const noexcept;
    };

    struct finalizer {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };

    static int on_progress(void* self) noexcept;
    static int on_busy(void* self, int tries) noexcept;

    [[nodiscard]] bool stopped() const noexcept {
        return (stop_ != nullptr && stop_->load(std::memory_order_relaxed)) || (asked_ && asked_());
    }

    void check(int code) const;
    [[noreturn]] void fail(int code) const;

    const std::atomic<bool>* stop_ = nullptr;
    std::function<bool()> asked_;
    std::chrono::milliseconds lock_limit_{0};
    std::unique_ptr<sqlite3, closer> handle_;
    // After handle_, so that statements go first.
    std::vector<std::pair<std::string, std::unique_ptr<sqlite3_stmt, finalizer>>> statements_;
};

} // namespace muster::upstream
