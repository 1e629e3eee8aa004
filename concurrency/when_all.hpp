// concurrency/: the fan-out. All children run at once on this loop; the statement ends when every one has ended.
#pragma once

#include "concurrency/join.hpp"
#include "concurrency/task.hpp"

#include <cstddef>
#include <memory>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace muster::concurrency {

namespace detail {

template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
value_or_monostate<T> take_value(task<T>& t) {
    if constexpr (std::is_void_v<T>) {
        t.take();
        return {};
    } else {
        return t.take();
    }
}

template <class T>
struct join_slot_parts {
    join_core& core;
    task<T>& work;
    task_label label;
};

template <class T>
struct join_slot {
    join_child node; // outlives the frame, which refers to it
    task<T> work;

    // From parts, so that a tuple builds it in place: a node never moves.
    explicit join_slot(join_slot_parts<T> parts) noexcept
        : node(parts.core, parts.label),
          work(std::move(parts.work)) {}

    void start(join_core& core) noexcept { core.start(node, work.first()); }
};

template <class... Ts>
class when_all_awaiter final : join_core {
  public:
    when_all_awaiter(frame& parent, std::tuple<task<Ts>...>&& tasks)
        : join_core(parent),
          slots_(std::apply(
              [this](task<Ts>&... t) { return std::tuple<join_slot<Ts>...>(join_slot_parts<Ts>{*this, t, {}}...); },
              tasks)) {}

    [[nodiscard]] bool await_ready() const {
        parent().scope().throw_if_cancelled();
        return false;
    }

    bool await_suspend(std::coroutine_handle<> /*self*/) noexcept {
        opening();
        std::apply([this](auto&... slot) { (slot.start(*this), ...); }, slots_);
        return opened();
    }

    std::tuple<value_or_monostate<Ts>...> await_resume() {
        throw_if_failed();
        return std::apply([](auto&... slot) { return std::tuple<value_or_monostate<Ts>...>(take_value(slot.work)...); },
                          slots_);
    }

  private:
    std::tuple<join_slot<Ts>...> slots_;
};

template <class T>
class run_task_awaiter final : join_core {
  public:
    run_task_awaiter(frame& parent, task<T>&& work, task_label label)
        : join_core(parent),
          slot_(join_slot_parts<T>{*this, work, label}) {}

    [[nodiscard]] bool await_ready() const {
        parent().scope().throw_if_cancelled();
        return false;
    }

    bool await_suspend(std::coroutine_handle<> /*self*/) noexcept {
        opening();
        slot_.start(*this);
        return opened();
    }

    T await_resume() {
        throw_if_failed();
        return slot_.work.take();
    }

  private:
    join_slot<T> slot_;
};

template <class T>
class when_all_vector_awaiter final : join_core {
  public:
    when_all_vector_awaiter(frame& parent, std::vector<task<T>>&& tasks) : join_core(parent) {
        slots_.reserve(tasks.size());
        for (task<T>& t : tasks) {
            slots_.push_back(std::make_unique<join_slot<T>>(join_slot_parts<T>{*this, t, {}}));
        }
    }

    [[nodiscard]] bool await_ready() const {
        parent().scope().throw_if_cancelled();
        return false;
    }

    bool await_suspend(std::coroutine_handle<> /*self*/) noexcept {
        opening();
        for (auto& slot : slots_) {
            slot->start(*this);
        }
        return opened();
    }

    std::vector<value_or_monostate<T>> await_resume() {
        throw_if_failed();
        std::vector<value_or_monostate<T>> values;
        values.reserve(slots_.size());
        for (auto& slot : slots_) {
            values.push_back(take_value(slot->work));
        }
        return values;
    }

  private:
    std::vector<std::unique_ptr<join_slot<T>>> slots_;
};

} // namespace detail

/// `auto [a, b] = co_await when_all(f(), g())`: the values in order, `void` as std::monostate. The first failure
/// cancels the siblings (sibling_failed) and is thrown once all have ended; siblings not yet started never start. A
/// cancel from outside reaches every child and is thrown, unless all succeed all the same.
template <class... Ts>
    requires(sizeof...(Ts) > 0)
auto when_all(task<Ts>... tasks) {
    struct [[nodiscard]] request {
        std::tuple<task<Ts>...> tasks;

        detail::when_all_awaiter<Ts...> bind(frame& parent) && { return {parent, std::move(tasks)}; }
    };

    return request{std::tuple<task<Ts>...>(std::move(tasks)...)};
}

/// The same for any number of one type.
template <class T>
auto when_all(std::vector<task<T>> tasks) {
    struct [[nodiscard]] request {
        std::vector<task<T>> tasks;

        detail::when_all_vector_awaiter<T> bind(frame& parent) && { return {parent, std::move(tasks)}; }
    };

    return request{std::move(tasks)};
}

/// `co_await run_task(label, work())`: the work as one child task with a name and a kind of its own in the roll: how a
/// connection runs a request. The label's text must outlive the statement.
template <class T>
auto run_task(task_label label, task<T> work) {
    struct [[nodiscard]] request {
        task_label label;
        task<T> work;

        detail::run_task_awaiter<T> bind(frame& parent) && { return {parent, std::move(work), label}; }
    };

    return request{label, std::move(work)};
}

} // namespace muster::concurrency
