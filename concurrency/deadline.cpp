// concurrency/: see deadline.hpp.
#include "concurrency/deadline.hpp"

#include <algorithm>
#include <string>

namespace muster::concurrency {

namespace {

std::string in_words(duration budget) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(budget).count();
    return "time limit of " + (ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms") +
           " exceeded";
}

} // namespace

deadline_exceeded::deadline_exceeded(duration budget) : std::runtime_error(in_words(budget)), budget_(budget) {}

namespace detail {

scoped_call::scoped_call(frame& caller, time_point now, duration budget, time_point deadline, cancel_scope::kind kind,
                         cancel_observer* observer, cancel_source* source)
    : caller_(caller),
      outer_(caller.scope()),
      scope_(caller.owner(), deadline, kind),
      began_(now),
      budget_(budget),
      source_(source) {
    scope_.observe(observer);
    if (source_ != nullptr) {
        source_->open(scope_);
    }
}

scoped_call::~scoped_call() {
    leave();
}

bool scoped_call::run(frame& callee) noexcept {
    inside_ = true;
    caller_.owner().enter(scope_);
    callee.start(caller_.owner(), &caller_);
    return !callee.ended();
}

void scoped_call::leave() noexcept {
    if (source_ != nullptr) {
        source_->close();
        source_ = nullptr;
    }
    if (inside_) {
        inside_ = false;
        caller_.owner().enter(outer_);
        scope_.retire(); // it lives on to the end of the statement, in which other work may follow
    }
}

void scoped_call::throw_if_expired(const frame& callee) const {
    if (callee.ended_cancelled() && scope_.began_here() && scope_.cause() == cancel_cause::deadline_exceeded) {
        throw deadline_exceeded(std::min(budget_, scope_.deadline() - began_)); // a shield's may have been shortened
    }
}

bool sleep_wait::await_ready() const {
    awaiting_frame().scope().throw_if_cancelled();
    return false;
}

void sleep_wait::await_suspend(std::coroutine_handle<> /*self*/) {
    begin({.what = "a timer", .resource = {}});
    awaiting_frame().home().arm(*this, due_);
}

void sleep_wait::await_resume() const {
    if (cut_) {
        awaiting_frame().scope().throw_cancelled();
    }
}

void sleep_wait::on_cancel() noexcept {
    disarm();
    cut_ = true;
    resume_soon();
}

void sleep_wait::expire() noexcept {
    resume_now();
}

} // namespace detail

std::optional<duration> time_left::of(frame& f) noexcept {
    const time_point deadline = f.scope().deadline();
    if (deadline == no_deadline) {
        return std::nullopt;
    }
    return std::max(duration::zero(), deadline - f.home().now());
}

} // namespace muster::concurrency
