// concurrency/: how a frame starts, fails and hands over.
#include "concurrency/frame.hpp"

#include "concurrency/check.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/task_node.hpp"

#include <cxxabi.h>

#include <typeinfo>

namespace muster::concurrency {

frame::~frame() {
    if (home_ != nullptr) {
        home_->frame_destroyed();
    }
}

cancel_scope& frame::scope() const noexcept {
    return owner_->scope();
}

void frame::start(task_node& owner, frame* caller) noexcept {
    MUSTER_INVARIANT(owner_ == nullptr, "a task is awaited once");
    owner_ = &owner;
    caller_ = caller;
    home_ = &owner.home();
    home_->frame_started();
    owner.leaf_ = this;
    // Nested, because symmetric transfer into a callee that ends at once grows the stack in unoptimised builds: a
    // callee that ends while starting_ returns here, and its caller simply goes on.
    starting_ = true;
    handle_.resume();
    starting_ = false;
}

bool caught_cancelled() noexcept {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return type != nullptr && *type == typeid(cancelled);
}

void frame::fail() noexcept {
    cancelled_ = caught_cancelled();
    error_ = std::current_exception();
}

std::coroutine_handle<> frame::finish() noexcept {
    ended_ = true;
    if (caller_ == nullptr) {
        return owner_->ended(*this);
    }
    owner_->leaf_ = caller_;
    return starting_ ? std::noop_coroutine() : caller_->handle_;
}

} // namespace muster::concurrency
