// concurrency/: threads for calls that block. Bounded in number and in queue; one pool a source, so that a hung source
// starves nobody else. Jobs get in through offload().
#pragma once

#include "concurrency/time.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace muster::concurrency {

/// The pool's queue is full.
class worker_queue_full : public std::runtime_error {
  public:
    explicit worker_queue_full(const std::string& pool)
        : std::runtime_error("the queue of the workers of " + pool + " is full") {}
};

/// Every worker of the pool is inside an abandoned job: nothing given to it would start.
class workers_abandoned : public std::runtime_error {
  public:
    explicit workers_abandoned(const std::string& pool)
        : std::runtime_error("every worker of " + pool + " is inside an abandoned job") {}
};

namespace detail {

/// A job as its worker sees it. Shared by worker, loop and awaiter; owns all that it touches.
class worker_job {
  public:
    virtual ~worker_job() = default;
    virtual void run() noexcept = 0;                                 // on the worker
    virtual void ran(std::shared_ptr<worker_job> self) noexcept = 0; // on the worker, last
};

} // namespace detail

class worker_pool {
  public:
    /// `workers` threads (at least 1), and at most `queue_limit` jobs that wait for one. `name` shows in the roll.
    worker_pool(std::string name, std::size_t workers, std::size_t queue_limit);
    worker_pool(const worker_pool&) = delete;
    worker_pool& operator=(const worker_pool&) = delete;

    /// Waits for the running jobs; those still queued never run. To be destroyed before the loops that use it.
    ~worker_pool();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] std::size_t workers() const noexcept { return threads_.size(); }

    [[nodiscard]] std::size_t abandoned() const noexcept { return abandoned_.load(); }

    [[nodiscard]] std::size_t queued() const;

    // For offload().
    void submit(std::shared_ptr<detail::worker_job> job); // throws worker_queue_full, workers_abandoned
    bool withdraw(const detail::worker_job& job);         // true if it had not started, and now never will

    void job_abandoned() noexcept { abandoned_.fetch_add(1); }

    void abandoned_job_ended() noexcept { abandoned_.fetch_sub(1); }

  private:
    void work();

    std::string name_;
    std::size_t queue_limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<detail::worker_job>> queue_;
    std::size_t idle_ = 0;
    bool stopping_ = false;
    std::atomic<std::size_t> abandoned_{0};
    std::vector<std::thread> threads_;
};

} // namespace muster::concurrency
