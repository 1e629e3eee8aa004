// upstream/: reading connections for the jobs of one source, and the free list they come from. A job runs on a worker
// thread of the source's pool; it owns (by shared_ptr) the pool of connections, so that it may outlive its awaiter.
#pragma once

#include "upstream/sqlite_database.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace muster::upstream {

/// One read-only connection, used by one job at a time. It opens early or at its first job, and anew after a job that
/// failed.
class sqlite_connection {
  public:
    /// `source` is the name for errors ("posts"); nothing is opened yet.
    sqlite_connection(std::string source, std::string path) : source_(std::move(source)), path_(std::move(path)) {}

    /// Runs `work(sqlite_database&)`, which only reads, and returns its answer. Throws job_interrupted soon after
    /// `stop` is set (also if it was set before), and source_failed for whatever SQLite refuses. A journal that a
    /// killed writer left is rolled back, by opening once read-write, and the work is run again: it may run twice.
    template <class Work>
    auto run(const std::atomic<bool>& stop, const Work& work) -> std::invoke_result_t<const Work&, sqlite_database&> {
        std::optional<std::invoke_result_t<const Work&, sqlite_database&>> answer;
        run_job(stop, [&](sqlite_database& database) { answer.emplace(work(database)); });
        return std::move(*answer);
    }

    /// Opens all its files now. What stands in the way of that (a lock, a hot journal) is left to the first job.
    void open_early() noexcept;

  private:
    void run_job(const std::atomic<bool>& stop, const std::function<void(sqlite_database&)>& job);
    sqlite_database& opened(const std::atomic<bool>& stop);
    void roll_back(const std::atomic<bool>& stop);

    std::string source_;
    std::string path_;
    std::unique_ptr<sqlite_database> database_;
};

/// The connections of one source: those opened early, or as many as jobs ran at once (at most the source's workers).
/// Thread-safe; whoever calls run() keeps the pool alive until it returns.
class sqlite_connection_pool {
  public:
    sqlite_connection_pool(std::string source, std::string path) : source_(std::move(source)), path_(std::move(path)) {}

    /// See sqlite_connection::run. The connection comes back also when the work throws.
    template <class Work>
    auto run(const std::atomic<bool>& stop, const Work& work) {
        const lease borrowed(*this);
        return borrowed.connection->run(stop, work);
    }

    /// Makes `count` idle connections and opens them, so that the process holds as many descriptors after its first
    /// request as after its millionth. Before the first run().
    void open_early(std::size_t count);

    [[nodiscard]] const std::string& source() const noexcept { return source_; }

    /// Connections that no job uses now.
    [[nodiscard]] std::size_t idle() const;

  private:
    struct lease {
        explicit lease(sqlite_connection_pool& owner) : pool(owner), connection(owner.take()) {}

        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;

        ~lease() { pool.give_back(std::move(connection)); }

        sqlite_connection_pool& pool;
        std::unique_ptr<sqlite_connection> connection;
    };

    std::unique_ptr<sqlite_connection> take();
    void give_back(std::unique_ptr<sqlite_connection> connection) noexcept;

    std::string source_;
    std::string path_;
    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<sqlite_connection>> idle_;
    std::size_t made_ = 0;
};

} // namespace muster::upstream
