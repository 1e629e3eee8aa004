// concurrency/: the base of the ground floor's own suspensions (a timer, a permit, a worker): connects the task's
// cancellation slot, says in the roll what is waited for, and resumes through the loop.
#pragma once

#include "concurrency/frame.hpp"
#include "concurrency/task_node.hpp"

namespace muster::concurrency::detail {

/// Lives in the awaiting frame. Between begin() and the resume exactly one of succeed_*() or the cancel path ends it.
class own_wait {
  public:
    explicit own_wait(frame& f) noexcept : frame_(f) {}

    own_wait(const own_wait&) = delete;
    own_wait& operator=(const own_wait&) = delete;

  protected:
    ~own_wait() = default;

    /// Suspends: from here on a cancel calls on_cancel().
    void begin(wait_reason reason);

    /// Ends the wait from a handler of the loop that is not inside a task: resumes now.
    void resume_now() noexcept;

    /// Ends the wait from anywhere on the loop's thread, also from inside a task or a cancel: resumes by post. After it
    /// a cancel no longer finds this wait.
    void resume_soon() noexcept;

    /// The scope was cancelled while this waits. Must end the wait by resume_soon(), now or later.
    virtual void on_cancel() noexcept = 0;

    [[nodiscard]] frame& awaiting_frame() const noexcept { return frame_; }

  private:
    void disconnect() noexcept;

    frame& frame_;
};

} // namespace muster::concurrency::detail
