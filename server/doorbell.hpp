// server/: how those who fill a queue wake the one who empties it, at the price of one fence when he is awake.
#pragma once

#include <atomic>
#include <functional>
#include <utility>

namespace muster::server {

/// Many ring, one sleeps. Lives as long as both.
class doorbell {
  public:
    /// `wake` is called by whoever rings first after sleep_if(); any thread.
    explicit doorbell(std::function<void()> wake) : wake_(std::move(wake)) {}

    /// After something was put into the queue. Never waits.
    void ring() noexcept {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (asleep_.load(std::memory_order_relaxed) && asleep_.exchange(false)) {
            wake_();
        }
    }

    /// From here on a ring wakes. Then look once more whether the queue is empty, and if not, get_up().
    void lie_down() noexcept {
        asleep_.store(true);
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }

    void get_up() noexcept { asleep_.store(false); }

  private:
    std::function<void()> wake_;
    std::atomic<bool> asleep_{false};
};

} // namespace muster::server
