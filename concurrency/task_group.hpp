// concurrency/: a fan-out whose size is not known beforehand, with a limit. There is no bare group to forget: it exists
// inside with_group, which ends when every child has ended.
#pragma once

#include "concurrency/join.hpp"
#include "concurrency/task.hpp"
#include "concurrency/wait.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace muster::concurrency {

class task_group final : detail::join_core {
  public:
    /// For with_group.
    task_group(frame& owner, std::size_t limit);
    ~task_group();

    class spawn_wait final : detail::own_wait {
      public:
        spawn_wait(frame& f, task_group& group, std::string name, task<void> work) noexcept;
        [[nodiscard]] bool await_ready() const;
        bool await_suspend(std::coroutine_handle<> /*self*/);
        void await_resume();

      private:
        friend class task_group;
        void on_cancel() noexcept override;

        task_group& group_;
        std::string name_;
        task<void> work_;
        bool cut_ = false;
    };

    struct [[nodiscard]] spawn_request {
        task_group& group;
        std::string name;
        task<void> work;

        spawn_wait bind(frame& f) && { return {f, group, std::move(name), std::move(work)}; }
    };

    /// `co_await group.spawn("name", work())`: starts a child; waits first while `limit` children are live. From the
    /// body only. Throws `cancelled` once the group is (also because a child failed).
    spawn_request spawn(std::string name, task<void> work) { return {*this, std::move(name), std::move(work)}; }

    [[nodiscard]] std::size_t live() const noexcept { return join_core::live(); }

    // For with_group.
    class join_wait {
      public:
        explicit join_wait(task_group& group) noexcept : group_(group) {}

        [[nodiscard]] bool await_ready() const noexcept { return group_.live() == 0; }

        void await_suspend(std::coroutine_handle<> /*self*/) noexcept;

        void await_resume() const noexcept { group_.free_ended(); }

      private:
        task_group& group_;
    };

    struct [[nodiscard]] join_request {
        task_group& group;

        join_wait bind(frame& /*f*/) && noexcept { return join_wait(group); }
    };

    join_request joined() noexcept { return {*this}; }

    void enter() noexcept;
    void leave() noexcept;
    void body_failed() noexcept; // in a catch block
    using join_core::throw_if_failed;

  private:
    class child;
    void add(std::string name, task<void> work);
    void free_ended() noexcept; // by the body's turn, when nothing of them is on the stack
    void on_child_ended() noexcept override;

    cancel_scope& outer_;
    std::size_t limit_;
    spawn_wait* spawning_ = nullptr;
    child* ended_ = nullptr; // those that ended and are not yet freed: at most as many as were live at once
    bool inside_ = false;
};

/// `co_await with_group(8, body)`: runs `body(group)`, then waits for every child; at most `limit` children at a time
/// (at least 1). The first failure, the body's or a child's, cancels the rest and is thrown when all have ended. The
/// body is kept for as long as the group lives, so a lambda's captures are safe; what it captures by reference must
/// outlive the statement.
template <class Body>
auto with_group(std::size_t limit, Body body) -> std::invoke_result_t<Body&, task_group&> {
    using value_type = typename std::invoke_result_t<Body&, task_group&>::value_type;
    task_group group(co_await detail::this_frame(), limit);
    group.enter();
    std::optional<std::conditional_t<std::is_void_v<value_type>, bool, value_type>> value;
    try {
        if constexpr (std::is_void_v<value_type>) {
            co_await body(group);
        } else {
            value.emplace(co_await body(group));
        }
    } catch (...) {
        group.body_failed();
    }
    co_await group.joined();
    group.leave();
    group.throw_if_failed();
    if constexpr (!std::is_void_v<value_type>) {
        co_return std::move(*value);
    }
}

} // namespace muster::concurrency
