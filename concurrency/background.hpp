// concurrency/: work that belongs to the process and not to a request. It has an owner, a name in the roll, and a
// budget in which it must end when the process does; a service that fails is started again, never at once.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "concurrency/wait.hpp"

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace muster::concurrency {

/// How a service lets time pass, and hears that it shall end. On its loop's thread only.
class service_call {
  public:
    service_call() = default;
    service_call(const service_call&) = delete;
    service_call& operator=(const service_call&) = delete;

    class wait final : detail::own_wait, timer_entry {
      public:
        wait(frame& f, service_call& owner, time_point due) noexcept : own_wait(f), owner_(owner), due_(due) {}

        [[nodiscard]] bool await_ready() const;
        void await_suspend(std::coroutine_handle<> /*self*/);
        void await_resume();

      private:
        friend class service_call;
        void on_cancel() noexcept override;
        void expire() noexcept override;
        void called() noexcept;

        service_call& owner_;
        time_point due_;
        bool cut_ = false;
    };

    struct [[nodiscard]] request {
        service_call& owner;
        duration length;

        wait bind(frame& f) && { return {f, owner, deadline_after(f.home().now(), length)}; }
    };

    /// `co_await call.wait_for(1s)`: until so much time has passed, wake() is called (or was, since the last wait), or
    /// the service is asked to end: then it returns at once. One waiter at a time.
    request wait_for(duration length) noexcept { return {*this, length}; }

    void wake() noexcept;

    /// The service shall return soon.
    [[nodiscard]] bool ending() const noexcept { return ending_; }

    void end() noexcept; ///< for the owner

  private:
    wait* waiting_ = nullptr;
    bool woken_ = false;
    bool ending_ = false;
};

/// The scope of a process's own work, on one loop. Outlives what it runs: drain() it before that loop is cancelled.
class background {
  public:
    /// How a service is started again after a failure.
    struct patience {
        duration first = std::chrono::milliseconds(100); ///< the pause after its first failure; doubles with each
        duration longest = std::chrono::seconds(30);
        duration good = std::chrono::seconds(60); ///< who ran so long before it failed begins with `first` again
    };

    struct failure {
        std::string_view name;
        std::exception_ptr error;      ///< null: it returned although nobody had asked it to
        std::optional<duration> again; ///< when it is started again; nothing: never
    };

    /// Told of each failure once, on the loop's thread; must not throw.
    using reporter = std::function<void(const failure&)>;

    background(loop& home, reporter report);
    background(loop& home, reporter report, patience p);
    background(const background&) = delete;
    background& operator=(const background&) = delete;

    /// Work that ends by itself, at most after `budget` (then it fails with deadline_exceeded). Safe from every thread.
    /// Nothing begins once drain() has: that is a failure too (with the error `draining`).
    void start(std::string name, task<void> work, duration budget);

    /// Work that goes on until its call is ending(), and must have returned `budget` later. One that fails, or returns
    /// before, is made and started again after a pause. `make` is kept. Safe from every thread.
    void serve(std::string name, std::function<task<void>(service_call&)> make, duration budget);

    class draining : public std::runtime_error {
      public:
        draining();
    };

    struct drained {
        std::vector<std::string> cut;  ///< did not end in their budget: cancelled, with `shutdown`
        std::vector<std::string> left; ///< had not even ended after that
    };

    /// Asks every service to end, and waits for all that runs: each for its own budget (what work that ends by itself
    /// has left of it), none longer than `most`; then cancels it and gives it 50 ms more. Once, on the loop.
    [[nodiscard]] task<drained> drain(duration most);

    [[nodiscard]] std::size_t live() const noexcept { return entries_.size(); }

  private:
    struct entry {
        std::string_view name;
        duration budget;
        time_point due = no_deadline; ///< of work that ends by itself
        service_call call{};
        cancel_scope* scope = nullptr;
        bool cut = false;
    };

    class listed;

    task<void> run_once(std::string name, task<void> work, duration budget);
    task<void> supervise(std::string name, std::function<task<void>(service_call&)> make, duration budget);

    loop& home_;
    reporter report_;
    patience patience_;
    std::list<entry*> entries_;
    service_call ended_; // drain() waits for those who leave
    bool draining_ = false;
};

} // namespace muster::concurrency
