// concurrency/: several tasks under one scope, all of which end before anybody goes on: the compiled core of when_all,
// with_group and run_task.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/check.hpp"
#include "concurrency/frame.hpp"
#include "concurrency/task_node.hpp"

#include <coroutine>
#include <cstddef>
#include <exception>

namespace muster::concurrency::detail {

class join_core;

/// A child of a join. Lives in the join's awaiter.
class join_child : public task_node {
  public:
    join_child(join_core& core, task_label label) noexcept;
    ~join_child() override = default;

  protected:
    std::coroutine_handle<> on_ended(frame& first) noexcept override;

    join_core& core_;
};

/// Which error wins: the first child that fails (its siblings are cancelled with sibling_failed). A cancel from outside
/// that came before any failure is reported as that cancel, unless every child succeeded all the same; errors that came
/// after it go to the loop's error sink.
class join_core {
  public:
    explicit join_core(frame& parent) noexcept;
    join_core(const join_core&) = delete;
    join_core& operator=(const join_core&) = delete;

    [[nodiscard]] frame& parent() const noexcept { return parent_; }

    [[nodiscard]] cancel_scope& scope() noexcept { return scope_; }

    /// Starts a child, unless the scope is cancelled already: then it is never started.
    void start(join_child& child, frame& first) noexcept;

    /// The children to come are started inside one await_suspend: none of them resumes the parent.
    void opening() noexcept { opening_ = true; }

    /// All are started. True if the parent must stay suspended.
    bool opened() noexcept;

    /// The parent waits for the children; resumed by the last that ends.
    void parent_waits() noexcept { waiting_ = true; }

    [[nodiscard]] std::size_t live() const noexcept { return live_; }

    /// Counts an error that did not come from a child (a group's body). `was_cancel`: it is a `cancelled`.
    void failed(const std::exception_ptr& error, bool was_cancel) noexcept;

    /// After all have ended: throws what wins, if anything failed.
    void throw_if_failed() const;

    std::coroutine_handle<> child_ended(frame& first) noexcept;

  protected:
    ~join_core() = default;

    virtual void on_child_ended() noexcept {}

  private:
    frame& parent_;
    cancel_scope scope_;
    std::exception_ptr first_error_;
    std::size_t live_ = 0;
    bool opening_ = false;
    bool waiting_ = false;
    bool cut_ = false; // a child was cancelled (or never started) by a cancel from outside
};

} // namespace muster::concurrency::detail
