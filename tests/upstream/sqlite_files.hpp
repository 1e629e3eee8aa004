// tests/upstream: database files in a directory that goes away, and other processes that hold or tear them.
#pragma once

#include "tests/support/temporary_directory.hpp"
#include "upstream/sqlite_database.hpp"

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

namespace muster::upstream::test {

using tests::temporary_directory;

/// Runs SQL on a file, made if absent, on a connection of its own.
void execute(const std::string& path, const std::string& sql);

/// One number out of a file, read on a connection of its own.
std::int64_t number(const std::string& path, const std::string& sql);

std::string content(const std::string& path);

/// Runs `work` again when it was refused after a wait for a lock of the full length: whoever holds it is merely slow.
/// One that is refused sooner is refused.
void with_patience(const std::function<void()>& work);

/// A forked process that does something and then waits to be killed (SIGKILL), at the latest by the destructor. The
/// constructor returns once it is done, and throws if it failed.
class other_process {
  public:
    explicit other_process(const std::function<void()>& work);

    /// Runs `sql` on `path` and keeps the connection open: what was on its way stays on its way.
    other_process(const std::string& path, const std::string& sql);
    other_process(const other_process&) = delete;
    other_process& operator=(const other_process&) = delete;

    ~other_process() { kill(); }

    void kill();

  private:
    pid_t pid_ = -1;
};

/// A rollback-journal database `numbers(n, text)` of 2,000 rows that say "old", left in the middle of a transaction
/// that set all to "new" and had spilled to the file: its journal is hot.
void make_torn_database(const std::string& path);

/// Sets a flag from another thread after a while, and tells how long ago that was.
class delayed_stop {
  public:
    delayed_stop() = default; ///< for set_after()

    explicit delayed_stop(std::chrono::milliseconds delay) { set_after(delay); }

    delayed_stop(const delayed_stop&) = delete;
    delayed_stop& operator=(const delayed_stop&) = delete;

    ~delayed_stop() {
        if (thread_.joinable())
            thread_.join();
    }

    /// The while begins now. Once only.
    void set_after(std::chrono::milliseconds delay);

    std::atomic<bool> flag{false};

    /// Since the flag was set.
    [[nodiscard]] std::chrono::steady_clock::duration since() const;

  private:
    std::atomic<std::chrono::steady_clock::time_point> set_at_{};
    std::thread thread_;
};

/// Whether one of 30 attempts takes less than `limit`, as each of them tells. A busy machine holds up the one or the
/// other for seconds, but not all of them; what is too slow by itself is so each time.
bool soon_once(std::chrono::milliseconds limit, const std::function<std::chrono::steady_clock::duration()>& attempt);

} // namespace muster::upstream::test
