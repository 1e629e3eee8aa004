// tests/support: a loop in virtual time. A 5 s deadline is tested in microseconds, and every test is a leak test: the
// destructor checks that no task, frame or abandoned operation is left.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

namespace muster::tests {

class test_loop {
  public:
    test_loop();
    test_loop(const test_loop&) = delete;
    test_loop& operator=(const test_loop&) = delete;
    ~test_loop();

    /// Runs `work` as a root task to its end and yields its value or throws its exception. Whenever nothing is ready
    /// the time jumps to the next moment something is due; if nothing is due either, the test fails (std::logic_error).
    template <class T>
    T run(concurrency::task<T> work) {
        outcome<T> result;
        start(keep(std::move(work), result));
        run_until([&result] { return result.ended; });
        return result.take();
    }

    /// Starts `work` as a root task; what it throws, but a cancel, is kept for errors().
    void start(concurrency::task<void> work, std::optional<concurrency::duration> budget = std::nullopt);

    /// Steps until `done()`. Throws std::logic_error if there is nothing left to do.
    void run_until(const std::function<bool()>& done);

    /// Runs one ready handler or, if none is, lets time jump to the next due moment. False if there is nothing to do.
    bool step();

    /// Runs what is ready, without letting time pass.
    void settle();

    /// Lets exactly `d` pass, running all that falls due.
    void advance(concurrency::duration d);

    /// Waits, in real time and at most two minutes, for `done()`, running what arrives from other threads and from
    /// sockets, while the virtual time stands still.
    void run_real(const std::function<bool()>& done);

    /// Virtual time since the start.
    [[nodiscard]] std::chrono::milliseconds now();

    [[nodiscard]] concurrency::loop& get() noexcept { return loop_; }

    [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return errors_; }

  private:
    template <class T>
    struct outcome {
        std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
        std::exception_ptr error;
        bool ended = false;

        T take() {
            if (error) {
                std::rethrow_exception(error);
            }
            if constexpr (!std::is_void_v<T>) {
                return std::move(*value);
            }
        }
    };

    template <class T>
    static concurrency::task<void> keep(concurrency::task<T> work, outcome<T>& result) {
        try {
            if constexpr (std::is_void_v<T>) {
                co_await std::move(work);
            } else {
                result.value.emplace(co_await std::move(work));
            }
        } catch (...) {
            result.error = std::current_exception();
        }
        result.ended = true;
    }

    concurrency::loop loop_;
    concurrency::time_point began_;
    std::vector<std::string> errors_;
};

} // namespace muster::tests
