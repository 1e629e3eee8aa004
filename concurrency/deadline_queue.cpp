// concurrency/: the deadline queue's arithmetic: up to the next whole millisecond when set, down when asked.
#include "concurrency/deadline_queue.hpp"

namespace muster::concurrency {

namespace {

using tick = std::chrono::milliseconds;

} // namespace

bool deadline_queue::add(timer_entry& entry, time_point due) noexcept {
    entry.unlink();
    entry.tick_ = std::chrono::ceil<tick>(due).time_since_epoch().count();
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
    while (!entries_.empty() && entries_.begin()->tick_ <= limit) {
        timer_entry& due = *entries_.begin();
        due.unlink();
        due.expire();
    }
}

} // namespace muster::concurrency
