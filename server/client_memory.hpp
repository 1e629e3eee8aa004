// server/: what all clients together hold of the process's memory: heads and bodies on their way in, and answers that
// wait to be read. What a connection takes by itself (its tasks, 4 KiB to read into) is bounded by the number of
// connections; what a client can make grow is bounded here.
#pragma once

#include <atomic>
#include <cstddef>

namespace muster::server {

/// Bytes held by connections of all loops, against one limit. Safe from every thread; outlives its shares.
class client_memory {
  public:
    explicit client_memory(std::size_t limit) noexcept : limit_(limit) {}

    client_memory(const client_memory&) = delete;
    client_memory& operator=(const client_memory&) = delete;

    /// One holder's bytes, 0 at first; given back by the destructor. Its thread only.
    class share {
      public:
        explicit share(client_memory& of) noexcept : of_(of) {}

        share(const share&) = delete;
        share& operator=(const share&) = delete;

        ~share() { (void)hold(0); }

        /// Holds `bytes` from now on, instead of what it held. False if there is no room for more: then nothing has
        /// changed. Less is always granted, and so is anything to whoever is the only one to hold something: one answer
        /// fits, however large.
        [[nodiscard]] bool hold(std::size_t bytes) noexcept;

        /// Of all shares together.
        [[nodiscard]] std::size_t limit() const noexcept { return of_.limit_; }

      private:
        client_memory& of_;
        std::size_t held_ = 0;
    };

    [[nodiscard]] std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  private:
    std::size_t limit_;
    std::atomic<std::size_t> held_{0};
};

/// The two kinds of it, so that neither starves the other: whoever sends heads that never end leaves room for answers.
struct client_buffers {
    explicit client_buffers(std::size_t limit) noexcept : arriving(limit / 4), leaving(limit - limit / 4) {}

    client_memory arriving; ///< heads and bodies on their way in
    client_memory leaving;  ///< answers in the making, and those that wait to be read
};

} // namespace muster::server
