// concurrency/: see task_group.hpp.
#include "concurrency/task_group.hpp"

#include "concurrency/loop.hpp"

#include <algorithm>

namespace muster::concurrency {

/// Owns its name and its work. Freed by its group, so that what its coroutine holds is gone when the group is.
class task_group::child final : public detail::join_child {
  public:
    child(task_group& group, std::string name, task<void> work)
        : join_child(group, {}),
          group_(group),
          name_(std::move(name)),
          work_(std::move(work)) {
        relabel(name_, {});
    }

    void begin() noexcept { group_.start(*this, work_.first()); }

    child* next_ended = nullptr;

  protected:
    std::coroutine_handle<> on_ended(frame& first) noexcept override {
        next_ended = std::exchange(group_.ended_, this);
        return join_child::on_ended(first);
    }

  private:
    task_group& group_;
    std::string name_;
    task<void> work_;
};

task_group::task_group(frame& owner, std::size_t limit)
    : join_core(owner),
      outer_(owner.scope()),
      limit_(std::max<std::size_t>(limit, 1)) {}

task_group::~task_group() {
    leave();
    free_ended();
}

void task_group::free_ended() noexcept {
    while (ended_ != nullptr) {
        delete std::exchange(ended_, ended_->next_ended);
    }
}

void task_group::enter() noexcept {
    inside_ = true;
    parent().owner().enter(scope());
}

void task_group::leave() noexcept {
    if (inside_) {
        inside_ = false;
        parent().owner().enter(outer_);
    }
}

void task_group::body_failed() noexcept {
    failed(std::current_exception(), caught_cancelled());
}

void task_group::add(std::string name, task<void> work) {
    free_ended();
    // Freed by free_ended(): by the next of these calls, or when all have ended.
    (new child(*this, std::move(name), std::move(work)))->begin();
}

void task_group::on_child_ended() noexcept {
    if (spawning_ != nullptr && live() < limit_) {
        std::exchange(spawning_, nullptr)->resume_soon();
    }
}

void task_group::join_wait::await_suspend(std::coroutine_handle<> /*self*/) noexcept {
    group_.parent().owner().waits({.what = "children", .resource = {}});
    group_.parent_waits();
}

task_group::spawn_wait::spawn_wait(frame& f, task_group& group, std::string name, task<void> work) noexcept
    : own_wait(f),
      group_(group),
      name_(std::move(name)),
      work_(std::move(work)) {}

bool task_group::spawn_wait::await_ready() const {
    MUSTER_INVARIANT(&awaiting_frame().owner() == &group_.parent().owner(),
                     "a group's children are spawned by its body only");
    awaiting_frame().scope().throw_if_cancelled();
    return group_.live() < group_.limit_;
}

bool task_group::spawn_wait::await_suspend(std::coroutine_handle<> /*self*/) {

    begin({.what = "a place in its group", .resource = {}});
    group_.spawning_ = this;
    return true;
}

void task_group::spawn_wait::await_resume() {
    if (cut_) {
        awaiting_frame().scope().throw_cancelled();
    }
    // A cancel may have come between the place that became free and this turn: then the child is never made.
    group_.scope().throw_if_cancelled();
    group_.add(std::move(name_), std::move(work_));
}

void task_group::spawn_wait::on_cancel() noexcept {
    group_.spawning_ = nullptr;
    cut_ = true;
    resume_soon();
}

} // namespace muster::concurrency
