// concurrency/: the cancel in its two steps (mark the subtree, then tell its tasks), and the shields' common window.
#include "concurrency/cancel.hpp"

#include "concurrency/check.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/task_node.hpp"

#include <algorithm>

namespace muster::concurrency {

const char* to_string(cancel_cause cause) noexcept {
    switch (cause) {
    case cancel_cause::deadline_exceeded:
        return "deadline_exceeded";
    case cancel_cause::sibling_failed:
        return "sibling_failed";
    case cancel_cause::client_gone:
        return "client_gone";
    case cancel_cause::shutdown:
        return "shutdown";
    case cancel_cause::requested:
        return "requested";
    }
    return "unknown";
}

cancel_scope::cancel_scope(loop& home) noexcept : home_(home), id_(0) {}

cancel_scope::cancel_scope(task_node& owner, time_point deadline, kind k) noexcept
    : home_(owner.home()),
      parent_(&owner.scope()),
      id_(owner.home().next_id()),
      deadline_(deadline),
      shielded_(k == kind::shielded) {
    MUSTER_INVARIANT(home_.here(), "a scope is touched on its loop's thread only");
    parent_->children_.push_back(*this);
    if (shielded_) {
        MUSTER_INVARIANT(deadline != no_deadline, "a shield has a budget");
        home_.arm(*this, deadline_);
        limit_shield(home_.now());
        return;
    }
    if (parent_->is_cancelled()) {
        origin_ = parent_->origin_;
        cause_ = parent_->cause_;
        cancelled_at_ = parent_->cancelled_at_;
    }
    if (deadline_ < parent_->deadline_) {
        home_.arm(*this, deadline_);
    } else {
        deadline_ = parent_->deadline_;
    }
}

cancel_scope::~cancel_scope() {
    MUSTER_INVARIANT(tasks_.empty() && children_.empty(), "a scope outlives what is inside it");
}

void cancel_scope::throw_cancelled() const {
    throw cancelled(cause_, origin_->id_);
}

void cancel_scope::cancel(cancel_cause cause) noexcept {
    MUSTER_INVARIANT(home_.here(), "a scope is touched on its loop's thread only");
    if (is_cancelled()) {
        return;
    }
    detail::emit_list to_tell;
    mark(cause, *this, home_.now(), to_tell);
    tell_observer();
    // Everything is marked before anyone hears: whoever looks sees the whole subtree cancelled, with one cause. The
    // list unlinks a task that ends meanwhile.
    while (!to_tell.empty()) {
        task_node& task = to_tell.front();
        to_tell.pop_front();
        task.emit();
    }
}

void cancel_scope::mark(cancel_cause cause, cancel_scope& origin, time_point now, detail::emit_list& to_tell) noexcept {
    origin_ = &origin;
    cause_ = cause;
    cancelled_at_ = now;
    disarm();
    for (task_node& task : tasks_) {
        to_tell.push_back(task);
    }
    for (cancel_scope& child : children_) {
        if (child.shielded_) {
            child.limit_shield(now);
        } else if (!child.is_cancelled()) {
            child.mark(cause, origin, now, to_tell);
        }
    }
}

void cancel_scope::tell_observer() const noexcept {
    if (observer_ != nullptr) {
        observer_->on_cancelled(*this);
        return;
    }
    if (cause_ != cancel_cause::sibling_failed) {
        return;
    }
    for (const cancel_scope* scope = this; !scope->shielded_ && scope->parent_ != nullptr;) {
        scope = scope->parent_;
        if (scope->observer_ != nullptr) {
            scope->observer_->on_sibling_failed(*this);
            return;
        }
    }
}

void cancel_scope::limit_shield(time_point now) noexcept {
    // The common window belongs to the topmost cancelled scope, but for the loop's own root, which many requests share.
    // One that an inner cancel opened earlier stays closed when an outer one follows.
    cancel_scope* top = nullptr;
    time_point end = no_deadline;
    for (cancel_scope* scope = parent_; scope != nullptr && scope->parent_ != nullptr; scope = scope->parent_) {
        if (scope->is_cancelled()) {
            top = scope;
            end = std::min(end, scope->shields_end_);
        }
    }
    if (top == nullptr) {
        return;
    }
    if (end == no_deadline) {
        end = now + shield_window;
    }
    if (top->shields_end_ == no_deadline) {
        top->shields_end_ = end;
    }
    clamp(end);
}

void cancel_scope::clamp(time_point end) noexcept {
    clamped_ = clamped_ || shielded_;
    if (end < deadline_ && !is_cancelled()) {
        deadline_ = end;
        if (shielded_) {
            home_.arm(*this, end);
        } else {
            disarm(); // the shield around it is the tighter now
        }
    }
    for (cancel_scope& child : children_) {
        child.clamp(end);
    }
}

void cancel_scope::expire() noexcept {
    cancel(cancel_cause::deadline_exceeded);
}

void cancel_source::cancel(cancel_cause cause) noexcept {
    if (!early_) {
        early_ = cause; // the first wins
    }
    if (scope_ != nullptr) {
        scope_->cancel(cause);
    }
}

void cancel_source::open(cancel_scope& scope) noexcept {
    scope_ = &scope;
    if (early_) {
        scope.cancel(*early_);
    }
}

time_point cancel_scope::abandon_at(time_point now) const noexcept {
    time_point at = now + abandon_after;
    for (const cancel_scope* scope = this; scope != nullptr; scope = scope->parent_) {
        if (scope->shielded_ && scope->clamped_) {
            at = std::min(at, scope->deadline_);
        }
    }
    return at;
}

} // namespace muster::concurrency
