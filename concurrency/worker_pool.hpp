// concurrency/: threads for calls that block. Bounded in number and in queue; one pool a source, so that a hung source
// starves nobody else. Jobs get in through offload().
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
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

/// The pool was destroyed while the job waited in its queue.
class worker_pool_closed : public std::runtime_error {
  public:
    explicit worker_pool_closed(const std::string& pool)
        : std::runtime_error("the workers of " + pool + " have ended") {}
};

namespace detail {

/// A job as its worker sees it. Shared by worker, loop and awaiter; owns all that it touches.
class worker_job {
  public:
    virtual ~worker_job() = default;
    virtual void run() noexcept = 0;                                  // on the worker
    virtual void refuse(std::exception_ptr why) noexcept = 0;         // instead of run()
    virtual void done(std::shared_ptr<worker_job> self) noexcept = 0; // after either, last
};

/// What outlives the pool for as long as a job of it does: its queue, its counts and its name.
class worker_queue;

} // namespace detail

class worker_pool {
  public:
    /// `workers` threads (at least 1), and at most `queue_limit` jobs that wait while all of them are busy. `name`
    /// shows in the roll, and is that of the threads.
    worker_pool(std::string name, std::size_t workers, std::size_t queue_limit);
    worker_pool(const worker_pool&) = delete;
    worker_pool& operator=(const worker_pool&) = delete;

    /// Waits for the running jobs; those still queued end with worker_pool_closed. To be destroyed before the loops
    /// that use it: its threads post to them.
    ~worker_pool();

    [[nodiscard]] const std::string& name() const noexcept;

    [[nodiscard]] std::size_t workers() const noexcept { return threads_.size(); }

    [[nodiscard]] std::size_t abandoned() const noexcept;
    [[nodiscard]] std::size_t queued() const;

    /// For offload().
    [[nodiscard]] const std::shared_ptr<detail::worker_queue>& queue() const noexcept { return queue_; }

  private:
    std::shared_ptr<detail::worker_queue> queue_;
    std::vector<std::thread> threads_;
};

} // namespace muster::concurrency
