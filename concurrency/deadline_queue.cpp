// concurrency/: the deadline queue's arithmetic: up to the next whole millisecond when set, down when asked.
#include "concurrency/deadline_queue.hpp"

#include <algorithm>

namespace muster::concurrency {

namespace {

using tick = std::chrono::milliseconds;

} // namespace

bool deadline_queue::add(timer_entry& entry, time_point due) noexcept {
    entry.unlink();
    // Clamped, because the clock's last millisecond cannot be rounded up.
    const auto up =
        std::chrono::ceil<tick>(std::min(due, no_deadline - std::chrono::seconds(1))).time_since_epoch().count();
    entry.tick_ = std::max(up, fired_to_);
    const auto at = entries_.insert(entry); // before begin() is asked: operands have no order
    return at == entries_.begin();
}

std::optional<time_point> deadline_queue::next() const noexcept {
    if (entries_.empty()) {
        return std::nullopt;
    }
    return time_point(tick(entries_.begin()->tick_));
}

void deadline_queue::fire_due(time_point now) noexcept {
    const auto limit = std::chrono::floor<tick>(now).time_since_epoch().count();
    fired_to_ = limit + 1;
    while (!entries_.empty() && entries_.begin()->tick_ <= limit) {
        timer_entry& due = *entries_.begin();
        due.unlink();
        due.expire();
    }
    fired_to_ = std::numeric_limits<std::int64_t>::min();
}

} // namespace muster::concurrency
