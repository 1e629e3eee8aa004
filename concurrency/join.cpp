// concurrency/: see join.hpp.
#include "concurrency/join.hpp"

#include "concurrency/loop.hpp"

namespace muster::concurrency::detail {

join_child::join_child(join_core& core, task_label label) noexcept
    : task_node(core.parent().home(), label, &core.parent().owner(), core.scope()),
      core_(core) {}

std::coroutine_handle<> join_child::on_ended(frame& first) noexcept {
    return core_.child_ended(first);
}

join_core::join_core(frame& parent) noexcept : parent_(parent), scope_(parent.owner(), no_deadline) {}

void join_core::start(join_child& child, frame& first) noexcept {
    if (scope_.is_cancelled()) {
        cut_ = true;
        return;
    }
    ++live_;
    child.start(first);
}

bool join_core::opened() noexcept {
    opening_ = false;
    if (live_ == 0) {
        return false;
    }
    waiting_ = true;
    parent_.owner().waits({.what = "children", .resource = {}});
    return true;
}

void join_core::failed(const std::exception_ptr& error, bool was_cancel) noexcept {
    if (was_cancel && scope_.is_cancelled()) {
        cut_ = true;
    } else if (first_error_ || scope_.is_cancelled()) {
        parent_.home().report("an error after its siblings were cancelled", error);
        cut_ = true;
    } else {
        first_error_ = error;
        scope_.cancel(cancel_cause::sibling_failed);
    }
}

std::coroutine_handle<> join_core::child_ended(frame& first) noexcept {
    --live_;
    if (first.error()) {
        failed(first.error(), first.ended_cancelled());
    }
    on_child_ended();
    if (live_ != 0 || opening_ || !waiting_) {
        return std::noop_coroutine();
    }
    waiting_ = false;
    parent_.owner().waits({});
    return parent_.handle();
}

void join_core::throw_if_failed() const {
    if (first_error_) {
        std::rethrow_exception(first_error_);
    }
    if (cut_) {
        scope_.throw_cancelled();
    }
}

} // namespace muster::concurrency::detail
