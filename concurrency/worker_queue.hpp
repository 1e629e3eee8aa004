// concurrency/: the part of a worker pool that its jobs share with it, so that neither must outlive the other.
#pragma once

#include "concurrency/worker_pool.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

namespace muster::concurrency::detail {

class worker_queue {
  public:
    worker_queue(std::string name, std::size_t workers, std::size_t limit)
        : name_(std::move(name)),
          workers_(workers),
          limit_(limit) {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] std::size_t abandoned() const noexcept { return abandoned_.load(); }

    [[nodiscard]] std::size_t size() const;

    /// Throws worker_queue_full, workers_abandoned or worker_pool_closed.
    void submit(std::shared_ptr<worker_job> job);

    /// True if the job had not started, and now never will.
    bool withdraw(const worker_job& job);

    void job_abandoned() noexcept { abandoned_.fetch_add(1); }

    void abandoned_job_ended() noexcept { abandoned_.fetch_sub(1); }

    void work();  // a thread's whole life: until close()
    void close(); // refuses what is queued

  private:
    std::string name_;
    std::size_t workers_;
    std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<worker_job>> jobs_;
    std::size_t busy_ = 0; // workers inside a job
    bool closed_ = false;
    std::atomic<std::size_t> abandoned_{0};
};

} // namespace muster::concurrency::detail
