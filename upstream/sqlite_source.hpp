// upstream/: the three repositories on SQLite. Each source has workers and connections of its own, so that a hung one
// starves no other.
#pragma once

#include "concurrency/worker_pool.hpp"
#include "upstream/repositories.hpp"
#include "upstream/sqlite_settings.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace muster::upstream {

class sqlite_connection_pool;

/// What one SQLite source owns. A question runs on a worker, under the caller's scope: once that is cancelled the job
/// ends within about 5 ms, unless SQLite is stuck in one call; then the caller leaves and the job, which owns all it
/// touches, goes on as an abandoned operation and gives its connection back when it ends. Destruction waits for it.
/// Errors: source_failed for what SQLite refuses; source_overloaded (retry after 1 s) at once if the queue is full or
/// every worker is inside an abandoned job.
class sqlite_source {
  public:
    /// Opens a connection for each worker, as far as the file lets it now (prepare_database has looked at it).
    explicit sqlite_source(const sqlite_settings& settings);

    [[nodiscard]] concurrency::worker_pool& workers() const noexcept { return *workers_; }

    [[nodiscard]] const std::shared_ptr<sqlite_connection_pool>& connections() const noexcept { return connections_; }

  private:
    std::shared_ptr<sqlite_connection_pool> connections_;
    std::unique_ptr<concurrency::worker_pool> workers_; // after connections_: its threads end first
};

class sqlite_users final : public users_repository {
  public:
    explicit sqlite_users(const sqlite_settings& settings) : source_(settings) {}

    [[nodiscard]] concurrency::task<std::optional<user>> find(user_id id) const override;

  private:
    sqlite_source source_;
};

class sqlite_profiles final : public profiles_repository {
  public:
    explicit sqlite_profiles(const sqlite_settings& settings) : source_(settings) {}

    [[nodiscard]] concurrency::task<std::optional<profile>> find(user_id id) const override;

  private:
    sqlite_source source_;
};

class sqlite_posts final : public posts_repository {
  public:
    explicit sqlite_posts(const sqlite_settings& settings) : source_(settings) {}

    [[nodiscard]] concurrency::task<std::vector<post>> latest(user_id author, int limit) const override;

  private:
    sqlite_source source_;
};

} // namespace muster::upstream
