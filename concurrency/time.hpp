// concurrency/, the ground floor: the one clock of the house. Deadlines are values of it, never timers.
#pragma once

#include <chrono>

namespace muster::concurrency {

using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using duration = clock::duration;

/// "No limit": later than every deadline.
inline constexpr time_point no_deadline = time_point::max();

/// now + budget; now for a budget below zero, no_deadline for one beyond the clock.
[[nodiscard]] time_point deadline_after(time_point now, duration budget) noexcept;

/// How long an operation that cannot be interrupted may keep its awaiter after a cancel; then it is abandoned, by name.
inline constexpr std::chrono::milliseconds abandon_after{25};

/// How long all shields below one cancelled scope may take together, counted from the first of them.
inline constexpr std::chrono::milliseconds shield_window{25};

} // namespace muster::concurrency
