// concurrency/: a limit for the whole process, kept without a lock: free permits are one atomic number, waiters queue
// on their own loops, a freed permit goes to a waiter of the same loop, or travels to the next loop that waits.
#pragma once

#include "concurrency/task.hpp"
#include "concurrency/time.hpp"
#include "concurrency/wait.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace muster::concurrency {

class loop;
class semaphore;

/// More tasks wait for a permit than the semaphore allows.
class semaphore_full : public std::runtime_error {
  public:
    explicit semaphore_full(const std::string& name) : std::runtime_error("too many tasks wait for " + name) {}
};

namespace detail {
class semaphore_core;
class acquire_wait;
} // namespace detail

/// One holder's right. Given back by its destructor, on any thread. Must not outlive the semaphore.
class [[nodiscard]] permit {
  public:
    permit() noexcept = default;

    permit(permit&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

    permit& operator=(permit&& other) noexcept {
        if (this != &other) {
            release();
            core_ = std::exchange(other.core_, nullptr);
        }
        return *this;
    }

    ~permit() { release(); }

    void release() noexcept;

    [[nodiscard]] explicit operator bool() const noexcept { return core_ != nullptr; }

  private:
    friend class detail::acquire_wait;

    explicit permit(detail::semaphore_core* core) noexcept : core_(core) {}

    detail::semaphore_core* core_ = nullptr;
};

class semaphore {
  public:
    /// `permits` holders at a time over all of `loops` together; acquire() from tasks of these loops only. `name` shows
    /// in the roll. At most `max_waiters` wait.
    semaphore(std::string name, const std::vector<loop*>& loops, std::int64_t permits,
              std::size_t max_waiters = std::numeric_limits<std::size_t>::max());
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;
    ~semaphore(); ///< no task may wait

    struct [[nodiscard]] acquire_request {
        semaphore& owner;
        detail::acquire_wait bind(frame& f) &&;
    };

    /// `permit p = co_await s.acquire()`: first come first served among the tasks of a loop. Throws `cancelled`, or
    /// semaphore_full at once. A permit that is granted as the cancel comes is delivered; the next await throws.
    acquire_request acquire() noexcept { return {*this}; }

    [[nodiscard]] std::int64_t available() const noexcept;
    [[nodiscard]] std::size_t waiting() const noexcept;

  private:
    friend struct acquire_request;
    std::shared_ptr<detail::semaphore_core> core_; // shared with permits on their way between loops
};

namespace detail {

using waiter_hook = boost::intrusive::list_base_hook<link_mode_auto>;

class acquire_wait final : own_wait, public waiter_hook {
  public:
    acquire_wait(frame& f, semaphore_core& core) noexcept;
    [[nodiscard]] bool await_ready();
    void await_suspend(std::coroutine_handle<> /*self*/);
    permit await_resume();

  private:
    friend class semaphore_core;
    void on_cancel() noexcept override;
    void grant() noexcept;

    semaphore_core& core_;
    bool granted_ = false;
};

} // namespace detail

} // namespace muster::concurrency
