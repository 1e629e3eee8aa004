// server/: sees clients leave while their requests are worked on, when nobody reads from them: one epoll a loop, asked
// for the end of the other side alone, so that unread (pipelined) bytes stay where they are. Before a request begins
// its connection is looked at once, by one system call: see registration::look().
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/operation.hpp"
#include "concurrency/task.hpp"
#include "server/client.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::server {

/// Who is watched, by a number that an event can carry: a slot, and how often it has been given out. A number of
/// somebody who is watched no more finds nobody, whoever has the slot now.
class watched_clients {
  public:
    [[nodiscard]] std::uint64_t add(client& who, int descriptor);
    void remove(std::uint64_t number) noexcept;

    struct entry {
        client* who = nullptr;
        int descriptor = -1;
    };

    /// An entry without a client, if that one is watched no more.
    [[nodiscard]] entry find(std::uint64_t number) const noexcept;

  private:
    struct slot {
        entry held;
        std::uint32_t generation = 0;
    };

    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_;
};

/// One a loop; its thread only (made before it runs). Outlives its registrations.
class client_watch {
  public:
    /// A client that ends its side this soon after its last byte still waits for its answers: `printf ... | nc -N`
    /// does so within microseconds. Whoever ends it later has left; so has whoever resets the connection, at any time.
    /// (A Unix socket tells apart who ends its side and who closes: there only who closes has left.)
    static constexpr std::chrono::milliseconds right_behind{50};

    /// Throws system_error without descriptors.
    explicit client_watch(concurrency::loop& home);
    client_watch(const client_watch&) = delete;
    client_watch& operator=(const client_watch&) = delete;

    /// The task that hears of those who leave, to be spawned once with kind `background`; ends by cancellation.
    [[nodiscard]] concurrency::task<void> run();

    /// Watches `who` on a connected socket, TCP or Unix. What it did before is seen, too.
    class registration {
      public:
        /// Throws system_error if the system has no room for one more.
        registration(client_watch& watch, client& who, int descriptor);
        registration(const registration&) = delete;
        registration& operator=(const registration&) = delete;

        /// Before the descriptor is closed.
        ~registration();

        /// Tells the client now if it has closed its connection or reset it: an event that has come is heard only in
        /// the loop's next turn, and its request, which is read first, would have begun by then.
        void look() noexcept;

      private:
        client_watch& watch_;
        client& who_;
        int descriptor_;
        std::uint64_t number_;
    };

  private:
    using descriptor = boost::asio::posix::basic_stream_descriptor<concurrency::deferred_executor>;

    void look();
    static void left(const watched_clients::entry& one, std::uint32_t events);
    [[nodiscard]] static bool still_waits(const watched_clients::entry& one);

    descriptor epoll_;
    watched_clients clients_;
};

} // namespace muster::server
