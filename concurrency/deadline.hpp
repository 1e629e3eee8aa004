// concurrency/: time limits as values. with_timeout ends the work at its deadline and waits for that end; sleep_for is
// the only way to let time pass.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "concurrency/wait.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace muster::concurrency {

/// The time limit of a with_timeout, with_deadline or shield ran out, and it was that one's own: a limit further out
/// reports itself there, as `cancelled` here.
class deadline_exceeded : public std::runtime_error {
  public:
    explicit deadline_exceeded(duration budget);

    /// The limit, as a length of time from where it was set.
    [[nodiscard]] duration budget() const noexcept { return budget_; }

  private:
    duration budget_;
};

namespace detail {

/// A call in a scope of its own: the compiled part of with_timeout and shield.
class scoped_call {
  public:
    scoped_call(frame& caller, time_point now, duration budget, time_point deadline, cancel_scope::kind kind,
                cancel_observer* observer, cancel_source* source);
    scoped_call(const scoped_call&) = delete;
    scoped_call& operator=(const scoped_call&) = delete;
    ~scoped_call();

  protected:
    bool run(frame& callee) noexcept; // true if it suspended
    void leave() noexcept;
    void throw_if_expired(const frame& callee) const;

    frame& caller_;

  private:
    cancel_scope& outer_;
    cancel_scope scope_;
    time_point began_;
    duration budget_;
    cancel_source* source_;
    bool inside_ = false;
};

template <class T>
class scoped_call_awaiter final : scoped_call {
  public:
    scoped_call_awaiter(frame& caller, task<T>&& callee, time_point now, duration budget, time_point deadline,
                        cancel_scope::kind kind, cancel_observer* observer, cancel_source* source)
        : scoped_call(caller, now, budget, deadline, kind, observer, source),
          callee_(std::move(callee)),
          shielded_(kind == cancel_scope::kind::shielded) {}

    [[nodiscard]] bool await_ready() const {
        if (!shielded_) {
            caller_.scope().throw_if_cancelled();
        }
        return false;
    }

    bool await_suspend(std::coroutine_handle<> /*self*/) noexcept { return run(callee_.first()); }

    T await_resume() {
        leave();
        throw_if_expired(callee_.first());
        return callee_.take();
    }

  private:
    task<T> callee_;
    bool shielded_;
};

/// Decides the deadline when it is awaited, since that is when the time begins to run.
template <class T>
struct [[nodiscard]] scoped_call_request {
    task<T> callee;
    std::optional<duration> budget; // or:
    time_point deadline;
    cancel_scope::kind kind;
    cancel_observer* observer = nullptr;
    cancel_source* source = nullptr;

    scoped_call_awaiter<T> bind(frame& caller) && {
        const time_point now = caller.home().now();
        // A shield always has an end: one longer than a day is one of a day.
        const auto longest = kind == cancel_scope::kind::shielded ? duration(std::chrono::hours(24)) : duration::max();
        const duration limit = budget ? std::min(*budget, longest) : std::max(deadline, now) - now;
        return {caller, std::move(callee), now, limit, deadline_after(now, limit), kind, observer, source};
    }
};

class sleep_wait final : own_wait, timer_entry {
  public:
    sleep_wait(frame& f, time_point due) noexcept : own_wait(f), due_(due) {}

    [[nodiscard]] bool await_ready() const;
    void await_suspend(std::coroutine_handle<> /*self*/);
    void await_resume() const;

  private:
    void on_cancel() noexcept override;
    void expire() noexcept override;

    time_point due_;
    bool cut_ = false;
};

} // namespace detail

/// `co_await with_timeout(5s, work())`: the work's result, or deadline_exceeded once the time is up *and the work has
/// ended*. Work that succeeds although it was cut still delivers. The limit is min(this one, those further out).
/// `observer`, if any, hears of a cancel of this scope while everything is still in place; `source`, if any, can cancel
/// it.
template <class T>
auto with_timeout(duration budget, task<T> work, cancel_observer* observer = nullptr, cancel_source* source = nullptr) {
    return detail::scoped_call_request<T>{std::move(work),           budget,   no_deadline,
                                          cancel_scope::kind::plain, observer, source};
}

/// As with_timeout, with a point in time.
template <class T>
auto with_deadline(time_point deadline, task<T> work, cancel_observer* observer = nullptr,
                   cancel_source* source = nullptr) {
    return detail::scoped_call_request<T>{std::move(work),           std::nullopt, deadline,
                                          cancel_scope::kind::plain, observer,     source};
}

/// `co_await sleep_for(10ms)`: at least that long (a timer's tick is 1 ms, rounded up).
struct [[nodiscard]] sleep_for {
    explicit sleep_for(duration d) noexcept : length(d) {}

    duration length;

    detail::sleep_wait bind(frame& f) && { return {f, deadline_after(f.home().now(), length)}; }
};

/// `co_await time_left()`: what remains of the tightest deadline here, never negative; nullopt if there is none.
struct [[nodiscard]] time_left : detail::immediate<time_left> {
    static std::optional<duration> of(frame& f) noexcept;
};

} // namespace muster::concurrency
