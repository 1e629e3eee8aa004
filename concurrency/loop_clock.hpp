// concurrency/: where a loop's time comes from: the steady clock and one lazily armed timer, or a test's hand.
#pragma once

#include "concurrency/time.hpp"

#include <memory>

namespace muster::concurrency {

class loop;

class loop_clock {
  public:
    virtual ~loop_clock() = default;

    [[nodiscard]] virtual time_point now() const noexcept = 0;

    /// Lets loop::advance_to() be called at `t` or a little later. Set to an earlier moment it moves; set to a later
    /// one it need not: it fires, finds nothing due, and is set anew.
    virtual void wake_at(time_point t) = 0;

    /// The new virtual time; ignored by the real clock.
    virtual void set(time_point t) noexcept = 0;
};

[[nodiscard]] std::unique_ptr<loop_clock> make_loop_clock(loop& owner, bool virtual_time);

} // namespace muster::concurrency
