// concurrency/: a blocking call on a worker, awaited. What it runs, yields and touches lives in a block of its own, so
// that an awaiter that must leave (abandon_after a cancel) leaves no reference behind; the block is then in the roll by
// name until it ends.
#pragma once

#include "concurrency/abandoned.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "concurrency/wait.hpp"
#include "concurrency/worker_pool.hpp"

#include <atomic>
#include <concepts>
#include <exception>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace muster::concurrency {

/// True once the job's awaiter was cancelled: the job should return, or throw anything, soon.
using stop_flag = std::atomic<bool>;

namespace detail {

class offload_wait;

class offload_job : public worker_job {
  public:
    offload_job(worker_pool& pool, loop& home) : queue_(pool.queue()), home_(home) {}

    void done(std::shared_ptr<worker_job> self) noexcept override; // posts finished() to the loop
    void finished() noexcept;                                      // on the loop

  protected:
    stop_flag stop_{false};

  private:
    friend class offload_wait;
    std::shared_ptr<worker_queue> queue_;
    loop& home_;
    offload_wait* waiter_ = nullptr; // the loop's thread only
    std::optional<abandoned_list::handle> abandoned_;
};

template <class Function>
using offload_result =
    typename std::conditional_t<std::invocable<Function&, const stop_flag&>,
                                std::invoke_result<Function&, const stop_flag&>, std::invoke_result<Function&>>::type;

template <class Function>
class offload_block final : public offload_job {
  public:
    using result = offload_result<Function>;

    offload_block(worker_pool& pool, loop& home, Function function)
        : offload_job(pool, home),
          function_(std::move(function)) {}

    void refuse(std::exception_ptr why) noexcept override { error_ = std::move(why); }

    void run() noexcept override {
        try {
            if constexpr (std::is_void_v<result>) {
                call();
                value_ = true;
            } else {
                value_.emplace(call());
            }
        } catch (...) {
            error_ = std::current_exception();
        }
    }

    [[nodiscard]] bool succeeded() const noexcept { return value_.has_value(); }

    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

    result take() {
        if constexpr (!std::is_void_v<result>) {
            return std::move(*value_);
        }
    }

  private:
    result call() {
        if constexpr (std::invocable<Function&, const stop_flag&>) {
            return function_(static_cast<const stop_flag&>(stop_));
        } else {
            return function_();
        }
    }

    Function function_;
    std::optional<std::conditional_t<std::is_void_v<result>, bool, result>> value_;
    std::exception_ptr error_;
};

/// The compiled part of the awaiter.
class offload_wait : own_wait, timer_entry {
  public:
    explicit offload_wait(frame& f) noexcept : own_wait(f) {}

  protected:
    ~offload_wait() = default;
    void submit(std::shared_ptr<offload_job> job); // suspends

    [[nodiscard]] bool left() const noexcept { return left_; }

    [[nodiscard]] cancel_scope& scope() const noexcept { return awaiting_frame().scope(); }

    [[nodiscard]] loop& home() const noexcept { return awaiting_frame().home(); }

  private:
    friend class offload_job;
    void on_cancel() noexcept override;
    void expire() noexcept override; // time to abandon
    void abandon() noexcept;
    void job_finished() noexcept;

    std::shared_ptr<offload_job> job_;
    time_point submitted_at_{};
    bool left_ = false; // withdrawn or abandoned: there is no result
};

template <class Function>
class offload_awaiter final : offload_wait {
  public:
    offload_awaiter(frame& f, worker_pool& pool, Function&& function)
        : offload_wait(f),
          block_(std::make_shared<offload_block<Function>>(pool, f.home(), std::move(function))) {}

    [[nodiscard]] bool await_ready() const {
        scope().throw_if_cancelled();
        return false;
    }

    void await_suspend(std::coroutine_handle<> /*self*/) { submit(block_); }

    offload_result<Function> await_resume() {
        if (left() || !block_->succeeded()) {
            scope().throw_if_cancelled();
            std::rethrow_exception(block_->error());
        }
        return block_->take();
    }

  private:
    std::shared_ptr<offload_block<Function>> block_;
};

} // namespace detail

/// `auto rows = co_await offload(pool, [query](const stop_flag& stop) { ... });` runs the function on a worker and
/// yields its value or throws its exception. The function owns all it touches (no reference into a frame), and returns
/// soon once `stop` is set; one that takes no argument cannot be interrupted. After a cancel the awaiter is resumed
/// with `cancelled` when the job has ended, at most abandon_after later; a job still queued never runs; one that
/// succeeded first delivers. Throws worker_queue_full or workers_abandoned at once. What the function touches it owns;
/// neither the awaiter nor the pool need outlive it.
template <class Function>
auto offload(worker_pool& pool, Function function) {
    struct [[nodiscard]] request {
        worker_pool& pool;
        Function function;

        detail::offload_awaiter<Function> bind(frame& f) && { return {f, pool, std::move(function)}; }
    };

    return request{pool, std::move(function)};
}

} // namespace muster::concurrency
