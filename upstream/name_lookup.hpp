// upstream/: a host's addresses, asked of the system in the background. getaddrinfo can neither be cancelled nor be
// given a limit, so no loop, no worker and no end of the process waits for it: it runs on a thread of its own, which
// owns all it touches and is let go.
#pragma once

#include "concurrency/time.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::upstream {

/// What one lookup brought.
struct looked_up {
    std::vector<boost::asio::ip::tcp::endpoint> addresses; ///< in the order in which to try them; empty: see `error`
    std::string error;                                     ///< the system's words
    concurrency::time_point at{};
};

/// An address written out is its own answer; nothing if `host` is a name.
[[nodiscard]] std::optional<looked_up> numeric_host(const std::string& host, std::uint16_t port);

/// The families alternate, beginning with that of the first (RFC 8305, section 4).
[[nodiscard]] std::vector<boost::asio::ip::tcp::endpoint>
interleaved(const std::vector<boost::asio::ip::tcp::endpoint>& addresses);

/// Asks the system, on this thread, for as long as that takes.
[[nodiscard]] looked_up ask_system(const std::string& host, std::uint16_t port);

/// One lookup at a time of one host. Safe from every thread.
class name_lookup {
  public:
    using tell = std::function<void(std::shared_ptr<const looked_up>)>;
    using ask = std::function<looked_up(const std::string& host, std::uint16_t port)>;

    /// `told` gets each answer, on the lookup's thread, never after the destructor has returned. `how`: ask_system, or
    /// what a test puts in its place; it owns all it touches, since it may still run then.
    name_lookup(std::string host, std::uint16_t port, tell told, ask how = ask_system);
    name_lookup(const name_lookup&) = delete;
    name_lookup& operator=(const name_lookup&) = delete;
    ~name_lookup(); ///< does not wait for a lookup under way

    /// Begins one, unless one is under way.
    void start();

  private:
    struct state;
    std::string host_;
    std::uint16_t port_;
    ask how_;
    std::shared_ptr<state> state_;
};

} // namespace muster::upstream
