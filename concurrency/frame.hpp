// concurrency/: one coroutine frame, a link of the async stack. A frame points to its caller, a task to its leaf: who
// waits for whom can be read off at any time, at the price of two stores an await. Drawn in concurrency/README.md.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <source_location>

namespace muster::concurrency {

class loop;
class task_node;
class cancel_scope;

/// The part of every task's promise that knows no type. Its own loop's thread only.
class frame {
  public:
    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;

    /// The coroutine this is.
    [[nodiscard]] const std::source_location& function() const noexcept { return function_; }

    /// Where it last awaited; line 0 before its first await.
    [[nodiscard]] const std::source_location& site() const noexcept { return site_; }

    /// The frame that awaits this one; nullptr for the first frame of a task.
    [[nodiscard]] const frame* caller() const noexcept { return caller_; }

    /// The task this frame runs in, once started.
    [[nodiscard]] task_node& owner() const noexcept { return *owner_; }

    [[nodiscard]] bool started() const noexcept { return owner_ != nullptr; }

    [[nodiscard]] bool ended() const noexcept { return ended_; }

    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

    /// True if error() is a concurrency::cancelled.
    [[nodiscard]] bool ended_cancelled() const noexcept { return cancelled_; }

    /// The scope that bounds the task at this moment.
    [[nodiscard]] cancel_scope& scope() const noexcept;

    [[nodiscard]] loop& home() const noexcept { return *home_; }

    [[nodiscard]] std::coroutine_handle<> handle() const noexcept { return handle_; }

    /// Starts the coroutine in `owner`, nested on the caller's stack; returns when it has suspended or ended. `caller`
    /// is the awaiting frame (resumed by symmetric transfer when this one ends later), or nullptr for a task's first.
    void start(task_node& owner, frame* caller) noexcept;

  protected:
    frame() noexcept = default;
    ~frame();

    void opened(std::coroutine_handle<> handle, std::source_location function) noexcept {
        handle_ = handle;
        function_ = function;
    }

    void awaits(std::source_location site) noexcept { site_ = site; }

    void fail() noexcept;                      // from unhandled_exception: keeps the exception
    std::coroutine_handle<> finish() noexcept; // from final suspend: whom to go on with

  private:
    std::coroutine_handle<> handle_;
    frame* caller_ = nullptr;
    task_node* owner_ = nullptr;
    loop* home_ = nullptr;
    std::source_location function_;
    std::source_location site_;
    std::exception_ptr error_;
    bool starting_ = false;
    bool ended_ = false;
    bool cancelled_ = false;
};

/// In a catch block: true if what was caught is a concurrency::cancelled.
[[nodiscard]] bool caught_cancelled() noexcept;

} // namespace muster::concurrency
