// concurrency/: task<T>, the coroutine type of the house. Lazy: it starts when it is awaited (as part of the awaiting
// task), given to when_all or with_group (as a child), or spawned on a loop (as a root). It never outlives who started
// it.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/check.hpp"
#include "concurrency/frame.hpp"
#include "concurrency/frame_memory.hpp"
#include "concurrency/task_node.hpp"

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace muster::concurrency {

template <class T>
class task;

/// How `co_await x` inside a task becomes an awaiter. The primary template serves the ground floor's own types, which
/// have `bind(frame&) &&`; concurrency/operation.hpp adds every Asio operation.
template <class X>
struct awaiting {
    static auto bind(frame& f, X&& x)
        requires requires { std::move(x).bind(f); }
    {
        return std::move(x).bind(f);
    }
};

namespace detail {

class promise_base : public frame {
  public:
    struct final_awaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }

        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) const noexcept {
            return self.promise().finish();
        }

        void await_resume() const noexcept {}
    };

    // The memory of the frame, see frame_memory.hpp.
    static void* operator new(std::size_t size) { return allocate_frame(size); }

    static void operator delete(void* memory, std::size_t size) noexcept { deallocate_frame(memory, size); }

    [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }

    void unhandled_exception() noexcept { fail(); }

    template <class X>
    auto await_transform(X&& x, std::source_location here = std::source_location::current()) {
        static_assert(!std::is_lvalue_reference_v<X>, "await a temporary: co_await std::move(task)");
        awaits(here);
        return awaiting<std::remove_cvref_t<X>>::bind(*this, std::move(x));
    }

    using frame::finish;
};

template <class T>
class promise final : public promise_base {
  public:
    task<T> get_return_object() noexcept;

    std::suspend_always initial_suspend(std::source_location here = std::source_location::current()) noexcept {
        opened(std::coroutine_handle<promise>::from_promise(*this), here);
        return {};
    }

    template <class U>
        requires std::constructible_from<T, U&&>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }

    T take() {
        if (error()) {
            std::rethrow_exception(error());
        }
        return std::move(*value_);
    }

  private:
    std::optional<T> value_;
};

template <>
class promise<void> final : public promise_base {
  public:
    task<void> get_return_object() noexcept;

    std::suspend_always initial_suspend(std::source_location here = std::source_location::current()) noexcept {
        opened(std::coroutine_handle<promise>::from_promise(*this), here);
        return {};
    }

    void return_void() noexcept {}

    void take() {
        if (error()) {
            std::rethrow_exception(error());
        }
    }
};

} // namespace detail

/// A piece of work that yields a T or throws. Move-only; awaited once. A task that was never started is destroyed with
/// its arguments; a started one must have ended (checked): whoever started it waited for it.
/// Traps: parameters by reference and a lambda's captures must outlive the task; `co_await` is not allowed in a catch
/// block; `while (true) try { co_await ... } catch (...) {}` spins once cancelled.
template <class T>
class [[nodiscard]] task {
  public:
    using promise_type = detail::promise<T>;
    using value_type = T;

    task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}

    task& operator=(task&& other) noexcept {
        if (this != &other) {
            reset();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }

    ~task() { reset(); }

    /// The first frame. For those who start tasks.
    [[nodiscard]] frame& first() const noexcept { return handle_.promise(); }

    /// What the ended task yields: its value, moved out, or its exception, thrown.
    T take() { return handle_.promise().take(); }

    class awaiter {
      public:
        awaiter(frame& caller, std::coroutine_handle<promise_type> callee) noexcept
            : caller_(caller),
              callee_(callee) {}

        [[nodiscard]] bool await_ready() const {
            caller_.scope().throw_if_cancelled();
            return false;
        }

        bool await_suspend(std::coroutine_handle<> /*self*/) noexcept {
            callee_.promise().start(caller_.owner(), &caller_);
            return !callee_.promise().ended();
        }

        T await_resume() { return callee_.promise().take(); }

      private:
        frame& caller_;
        std::coroutine_handle<promise_type> callee_;
    };

    /// `co_await std::move(t)` or `co_await make_task()`: a call. The callee runs in the awaiting task, under its
    /// scope.
    awaiter bind(frame& caller) && noexcept { return {caller, handle_}; }

  private:
    friend promise_type;

    explicit task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

    void reset() noexcept {
        if (handle_) {
            MUSTER_INVARIANT(!first().started() || first().ended(), "a task that is running is never destroyed");
            std::exchange(handle_, nullptr).destroy();
        }
    }

    std::coroutine_handle<promise_type> handle_;
};

namespace detail {

template <class T>
task<T> promise<T>::get_return_object() noexcept {
    return task<T>(std::coroutine_handle<promise>::from_promise(*this));
}

inline task<void> promise<void>::get_return_object() noexcept {
    return task<void>(std::coroutine_handle<promise>::from_promise(*this));
}

/// Base of awaitables that answer from the frame without suspending (also when the task is cancelled).
template <class Answer>
struct immediate {
    struct awaiter {
        frame& f;

        [[nodiscard]] bool await_ready() const noexcept { return true; }

        void await_suspend(std::coroutine_handle<>) const noexcept {}

        decltype(auto) await_resume() const noexcept { return Answer::of(f); }
    };

    awaiter bind(frame& f) && noexcept { return {f}; }
};

} // namespace detail

namespace detail {
/// `co_await this_frame()`: the awaiting coroutine's own frame, for the ground floor's combinators.
struct [[nodiscard]] this_frame : immediate<this_frame> {
    static frame& of(frame& f) noexcept { return f; }
};
} // namespace detail

/// `co_await current_task()`: the task this coroutine runs in, as the roll sees it.
struct [[nodiscard]] current_task : detail::immediate<current_task> {
    static task_node& of(frame& f) noexcept { return f.owner(); }
};

/// `co_await current_scope()`: the scope that bounds the task here; valid while the task stays inside it.
struct [[nodiscard]] current_scope : detail::immediate<current_scope> {
    static cancel_scope& of(frame& f) noexcept { return f.scope(); }
};

/// `co_await current_loop()`: the loop this task lives on.
struct [[nodiscard]] current_loop : detail::immediate<current_loop> {
    static loop& of(frame& f) noexcept { return f.home(); }
};

} // namespace muster::concurrency
