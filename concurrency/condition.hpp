// concurrency/: "something has changed": how the tasks of one loop wait until another of its tasks says so. It keeps no
// state of its own: who is woken looks whether what it waits for is true now.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/task.hpp"
#include "concurrency/wait.hpp"

#include <boost/intrusive/list.hpp>

#include <coroutine>

namespace muster::concurrency {

class condition;

namespace detail {

using condition_hook = boost::intrusive::list_base_hook<link_mode_auto>;

class condition_wait final : own_wait, public condition_hook {
  public:
    condition_wait(frame& f, condition& c, wait_reason reason) noexcept : own_wait(f), condition_(c), reason_(reason) {}

    [[nodiscard]] bool await_ready() const;
    void await_suspend(std::coroutine_handle<> /*self*/);
    void await_resume() const;

  private:
    friend class concurrency::condition;

    void on_cancel() noexcept override;
    void notify() noexcept;

    condition& condition_;
    wait_reason reason_;
    bool cut_ = false;
};

} // namespace detail

/// Belongs to the loop of the first task that waits on it, which outlives it: its thread only (checked).
class condition {
  public:
    condition() noexcept = default;
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    ~condition(); ///< no task may wait

    struct [[nodiscard]] request {
        condition& owner;
        wait_reason reason;

        detail::condition_wait bind(frame& f) && noexcept { return {f, owner, reason}; }
    };

    /// `while (!ready) { co_await changed.wait({.what = "a name", .resource = name}); }`: until the next notify_all().
    /// Throws `cancelled`. A wait that is notified before the cancel comes is delivered; the next await throws.
    request wait(wait_reason reason) noexcept { return {*this, reason}; }

    /// Wakes all that wait now, in the order in which they began; who waits again waits for the next. They are resumed
    /// from the loop, never inside this call.
    void notify_all() noexcept;

    [[nodiscard]] bool waited_for() const noexcept;

  private:
    friend class detail::condition_wait;

    void add(detail::condition_wait& waiter, loop& home) noexcept;
    void check_thread() const noexcept;

    loop* home_ = nullptr; // of its first waiter, then for good
    detail::list_of<detail::condition_wait, detail::condition_hook> waiting_;
};

} // namespace muster::concurrency
