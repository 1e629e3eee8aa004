// server/: what a request of a route takes of the memory, judged by the answers that the route gave lately: known
// before any source is asked, so that a request there is no room for is refused while that still costs nothing.
#pragma once

#include "concurrency/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace muster::server {

/// One a route and loop; its thread only.
class answer_weight {
  public:
    /// An answer that is larger than this weighs; the many small ones are bounded by the number of connections.
    static constexpr std::size_t light = 16 * 1024;

    /// What an answer of `size` bytes holds until it is sent: the rows it is made of, or its text twice.
    [[nodiscard]] static constexpr std::size_t of(std::size_t size) noexcept { return size <= light ? 0 : 2 * size; }

    /// What the next one is expected to hold: at most a quarter of `limit`, else a route that once gave a large answer
    /// could wait for all others to end.
    [[nodiscard]] std::size_t expected(std::size_t limit) const noexcept { return std::min(of(lately_), limit / 4); }

    /// The largest counts at once, and is forgotten over some dozens of smaller ones.
    void saw(std::size_t size) noexcept { lately_ = size >= lately_ ? size : lately_ - (lately_ - size + 7) / 8; }

    /// A request was refused for what is expected, so nobody knows what its answer would have been: the expectation is
    /// forgotten with time, within a few seconds.
    void refused(concurrency::time_point now) noexcept {
        if (now - forgot_ >= std::chrono::milliseconds(100)) {
            forgot_ = now;
            saw(0);
        }
    }

  private:
    std::size_t lately_ = 0;
    concurrency::time_point forgot_{};
};

} // namespace muster::server
