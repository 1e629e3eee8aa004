// concurrency/: every moment a loop must not miss, in one ordered intrusive queue with one timer behind it (a
// steady_timer per scope is a use-after-free: its queued handler may run after the scope ended; see README).
#pragma once

#include "concurrency/time.hpp"

#include <boost/intrusive/set.hpp>

#include <cstdint>
#include <limits>
#include <optional>

namespace muster::concurrency {

/// Something due at a moment. Derive, override expire(), and add it to a loop's deadline queue; it leaves the queue by
/// its destructor, by disarm(), or just before expire() is called (which may destroy it).
class timer_entry : public boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    timer_entry() = default;
    timer_entry(const timer_entry&) = delete;
    timer_entry& operator=(const timer_entry&) = delete;

    [[nodiscard]] bool armed() const noexcept { return is_linked(); }

    /// Leaves the queue; does nothing outside one.
    void disarm() noexcept { unlink(); }

    friend bool operator<(const timer_entry& a, const timer_entry& b) noexcept { return a.tick_ < b.tick_; }

  protected:
    virtual ~timer_entry() = default;

    /// Called once on the loop's thread, never before the moment asked for.
    virtual void expire() noexcept = 0;

  private:
    friend class deadline_queue;
    std::int64_t tick_ = 0;
};

/// Entries by the millisecond, rounded up, so that none fires early; those of one tick in the order they came.
class deadline_queue {
  public:
    /// Arms `entry` (again, if it was armed). Returns true if it is now the earliest.
    bool add(timer_entry& entry, time_point due) noexcept;

    /// The earliest entry's moment, if there is one.
    [[nodiscard]] std::optional<time_point> next() const noexcept;

    /// Calls expire() on all that is due at `now`, earliest first. What that adds is due a millisecond later at the
    /// earliest: a task that sleeps for no time at all must not keep the loop from everything else.
    void fire_due(time_point now) noexcept;

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  private:
    std::int64_t fired_to_ = std::numeric_limits<std::int64_t>::min(); // while firing
    boost::intrusive::multiset<timer_entry, boost::intrusive::constant_time_size<false>> entries_;
};

} // namespace muster::concurrency
