// concurrency/: see condition.hpp.
#include "concurrency/condition.hpp"

#include "concurrency/check.hpp"
#include "concurrency/loop.hpp"

namespace muster::concurrency {

namespace detail {

bool condition_wait::await_ready() const {
    awaiting_frame().scope().throw_if_cancelled();
    return false;
}

void condition_wait::await_suspend(std::coroutine_handle<> /*self*/) {
    condition_.add(*this, awaiting_frame().home());
    begin(reason_);
}

void condition_wait::await_resume() const {
    if (cut_) {
        awaiting_frame().scope().throw_cancelled();
    }
}

void condition_wait::on_cancel() noexcept {
    unlink();
    cut_ = true;
    resume_soon();
}

void condition_wait::notify() noexcept {
    unlink();
    resume_soon();
}

} // namespace detail

condition::~condition() {
    MUSTER_INVARIANT(waiting_.empty(), "a condition outlives those who wait for it");
}

void condition::add(detail::condition_wait& waiter, loop& home) noexcept {
    MUSTER_INVARIANT(home_ == nullptr || home_ == &home, "a condition is waited for on one loop only");
    home_ = &home;
    waiting_.push_back(waiter);
}

void condition::notify_all() noexcept {
    check_thread();
    while (!waiting_.empty()) {
        waiting_.front().notify();
    }
}

bool condition::waited_for() const noexcept {
    check_thread();
    return !waiting_.empty();
}

void condition::check_thread() const noexcept {
    MUSTER_INVARIANT(home_ == nullptr || home_->here(), "a condition is touched on its loop's thread only");
}

} // namespace muster::concurrency
