// concurrency/: see wait.hpp.
#include "concurrency/wait.hpp"

#include "concurrency/check.hpp"
#include "concurrency/loop.hpp"

#include <boost/asio/post.hpp>

namespace muster::concurrency::detail {

void own_wait::begin(wait_reason reason) {
    task_node& task = frame_.owner();
    MUSTER_INVARIANT(!task.slot().has_handler(), "the cancellation slot is empty when no operation is in flight");
    task.waits(reason);
    task.slot().assign([this](boost::asio::cancellation_type /*type*/) { on_cancel(); });
}

void own_wait::disconnect() noexcept {
    task_node& task = frame_.owner();
    task.waits({});
    // Inside a cancel the slot's handler is what is running: it must not be destroyed under its own feet, so a resume
    // that comes from there clears it when it gets its turn.
    if (!task.home().emitting()) {
        task.slot().clear();
    }
}

void own_wait::resume_now() noexcept {
    disconnect();
    frame_.home().resume(frame_);
}

void own_wait::resume_soon() noexcept {
    disconnect();
    boost::asio::post(frame_.home().context(), [&f = frame_] {
        f.owner().slot().clear();
        f.home().resume(f);
    });
}

} // namespace muster::concurrency::detail
