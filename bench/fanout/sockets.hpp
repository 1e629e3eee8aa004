// bench/fanout: plain non-blocking sockets of loopback, for programs whose own cost must not matter. Whatever fails
// throws std::system_error: a benchmark that meets a fault has nothing to say.
#pragma once

#include "server/unique_fd.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace muster::bench {

using server::unique_fd;

/// Nanoseconds of the monotonic clock.
[[nodiscard]] std::int64_t now() noexcept;

/// As many open sockets as the system permits.
void allow_many_sockets();

/// Listens on a free port of 127.0.0.1 and says which.
struct listening {
    unique_fd socket;
    std::uint16_t port = 0;
};

[[nodiscard]] listening listen_on_loopback();

/// A connection that waits there, ready for use; nothing if there is none (any more).
[[nodiscard]] unique_fd accept_from(const unique_fd& listener);

/// Connected to that port of 127.0.0.1, without Nagle's delay.
[[nodiscard]] unique_fd connect_to(std::uint16_t port);

/// All of `bytes` at once, which one that has been read empty always takes. False: the peer has left.
[[nodiscard]] bool send_whole(const unique_fd& socket, std::string_view bytes);

/// What has arrived on a connection and was not used yet.
class inbox {
  public:
    static constexpr std::size_t padding = 64; // what upstream::padded_text asks for

    enum class outcome { some, nothing, ended };

    /// Reads what an edge of epoll stands for, nearly always at one go: `some` bytes came, `nothing` is there, or the
    /// peer has `ended` (or reset) the connection. That it ended right behind its bytes only the event tells (left()).
    [[nodiscard]] outcome read_from(const unique_fd& socket);

    /// Valid until the next read. Behind it lie at least `padding` bytes that may be read.
    [[nodiscard]] std::string_view unread() const noexcept { return std::string_view(bytes_).substr(begin_, size_); }

    void drop(std::size_t used) noexcept;

  private:
    std::string bytes_;
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
};

/// epoll. What a socket means to the caller is a number of its own.
class poller {
  public:
    poller();

    /// Edges of "can be read", until the socket is closed.
    void watch(const unique_fd& socket, std::uint64_t meaning);

    /// Waits until something has come, at most that long; negative: for ever. data.u64 is the meaning.
    [[nodiscard]] std::span<const epoll_event> wait(std::int64_t nanoseconds);

    /// What has come. If nothing has, lets others on this core run first and does not sleep: to whom is awake, a
    /// contestant's bytes are delivered without waking anybody at the contestant's expense.
    [[nodiscard]] std::span<const epoll_event> look();

    /// Whether the peer has said that nothing more comes.
    [[nodiscard]] static bool left(const epoll_event& event) noexcept {
        return (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    }

  private:
    unique_fd epoll_;
    std::array<epoll_event, 256> events_{};
};

} // namespace muster::bench
