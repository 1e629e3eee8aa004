// concurrency/: how an operation's completion becomes a resume: directly, unless it came inside its own start or
// inside a cancel.
#include "concurrency/operation.hpp"

namespace muster::concurrency::detail {

void operation_wait::begin() {
    task_node& task = frame_.owner();
    MUSTER_INVARIANT(!task.slot().has_handler(), "the cancellation slot is empty when no operation is in flight");
    task.waits({.what = what_, .resource = {}});
    initiating_ = true;
}

bool operation_wait::suspended() noexcept {
    initiating_ = false;
    if (complete_) {
        return false;
    }
    if (frame_.scope().is_cancelled()) { // by its own start, before the slot had anybody to tell
        frame_.owner().emit();
    }
    return true;
}

void operation_wait::failed_to_start() noexcept {
    frame_.owner().waits({});
    frame_.owner().slot().clear();
}

void operation_wait::completed() noexcept {
    task_node& task = frame_.owner();
    complete_ = true;
    task.waits({});
    if (task.home().emitting()) {
        // An operation that completes inside its own cancellation: the slot's handler is running and stays whole.
        boost::asio::post(task.home().context(), [&f = frame_] {
            f.owner().slot().clear();
            f.home().resume(f);
        });
        return;
    }
    task.slot().clear(); // a finished socket operation leaves a dangling pointer there
    if (!initiating_) {
        task.home().resume(frame_);
    }
}

void operation_wait::throw_if(const boost::system::error_code& error) const {
    if (!error) {
        return;
    }
    if (error == boost::asio::error::operation_aborted) {
        frame_.scope().throw_if_cancelled();
    }
    throw boost::system::system_error(error);
}

} // namespace muster::concurrency::detail
