// concurrency/: clean-up that must await although its task is cancelled. Bounded, always.
#pragma once

#include "concurrency/deadline.hpp"

#include <utility>

namespace muster::concurrency {

/// `co_await shield(20ms, clean_up())`: the work's result; cancels from outside do not reach it. deadline_exceeded when
/// its budget is used up. Once the task's request is cancelled, all its shields together have shield_window (25 ms),
/// counted from the first; longer clean-up is a background task that owns its data. What the work touches, it owns.
template <class T>
auto shield(duration budget, task<T> work) {
    return detail::scoped_call_request<T>{std::move(work), budget, no_deadline, cancel_scope::kind::shielded, nullptr};
}

} // namespace muster::concurrency
