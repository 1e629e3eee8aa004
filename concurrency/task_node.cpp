// concurrency/: how a task joins and leaves the roll, and how a cancel reaches what it waits for.
#include "concurrency/task_node.hpp"

#include "concurrency/check.hpp"
#include "concurrency/loop.hpp"

#include <new>

namespace muster::concurrency {

const char* to_string(task_kind kind) noexcept {
    switch (kind) {
    case task_kind::child:
        return "child";
    case task_kind::request:
        return "request";
    case task_kind::connection:
        return "connection";
    case task_kind::listener:
        return "listener";
    case task_kind::background:
        return "background";
    }
    return "unknown";
}

task_node::task_node(loop& home, task_label label, const task_node* parent, cancel_scope& scope) noexcept
    : registry_entry(false),
      home_(home),
      parent_(parent),
      scope_(&scope),
      label_(label) {}

task_node::~task_node() = default;

std::string_view task_node::ref() const noexcept {
    for (const task_node* task = this; task != nullptr; task = task->parent_) {
        if (!task->label_.ref.empty()) {
            return task->label_.ref;
        }
    }
    return {};
}

const trace_context* task_node::trace() const noexcept {
    for (const task_node* task = this; task != nullptr; task = task->parent_) {
        if (task->label_.trace != nullptr) {
            return task->label_.trace;
        }
    }
    return nullptr;
}

void task_node::start(frame& first) noexcept {
    MUSTER_INVARIANT(home_.here(), "a task's state is touched on its loop's thread only");
    id_ = home_.next_id();
    const bool below = label_.kind == task_kind::child && parent_ != nullptr;
    root_id_ = below ? parent_->root_id_ : id_;
    root_kind_ = below ? parent_->root_kind_ : label_.kind;
    started_at_ = home_.cached_now();
    home_.registry_.push_back(*this);
    ++home_.counts_.started;
    home_.counts_.of(root_kind_).add(!below);
    scope_->tasks_.push_back(*this);
    first.start(*this, nullptr);
}

std::coroutine_handle<> task_node::ended(frame& first) noexcept {
    MUSTER_INVARIANT(!signal_.slot().has_handler(), "the cancellation slot is empty when no operation is in flight");
    leaf_ = nullptr;
    // Here and not in the destructor: an ended task is on no list, so no cancel and no roll can find it.
    detail::registry_hook::unlink();
    detail::scope_tasks_hook::unlink();
    detail::emit_hook::unlink();
    ++home_.counts_.ended;
    home_.counts_.of(root_kind_).remove(root_id_ == id_);
    return on_ended(first);
}

void task_node::enter(cancel_scope& scope) noexcept {
    MUSTER_INVARIANT(home_.here(), "a task's state is touched on its loop's thread only");
    detail::scope_tasks_hook::unlink();
    scope_ = &scope;
    scope.tasks_.push_back(*this);
}

void task_node::emit() noexcept {
    ++home_.emitting_;
    signal_.emit(boost::asio::cancellation_type::terminal);
    --home_.emitting_;
}

void* task_node::allocate_operation(std::size_t size) {
    if (!memory_used_ && size <= memory_.size()) {
        memory_used_ = true;
        return memory_.data();
    }
    return ::operator new(size);
}

void task_node::deallocate_operation(void* memory) noexcept {
    if (memory == memory_.data()) {
        memory_used_ = false;
    } else {
        ::operator delete(memory);
    }
}

doing::doing(task_node& task, const activity& what) noexcept : task_(task), what_(&what), before_(task.activity_) {
    MUSTER_INVARIANT(task_.home().here(), "a task's state is touched on its loop's thread only");
    task_.activity_ = what_;
}

doing::~doing() {
    MUSTER_INVARIANT(task_.activity_ == what_, "what a task does ends in the order in which it began, inmost first");
    task_.activity_ = before_;
}

} // namespace muster::concurrency
