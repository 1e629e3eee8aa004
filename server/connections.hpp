// server/: the open connections: how many the process may have (address_gate: how many of them one address), and which
// of a loop's are idle, so that the end of the process can end those.
#pragma once

#include "server/address_gate.hpp"
#include "server/client.hpp"
#include "server/stream.hpp"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace muster::server {

/// Counts connections of all loops against one limit. Safe from every thread; outlives its places.
class connection_gate {
  public:
    explicit connection_gate(std::size_t limit) noexcept : limit_(limit) {}

    connection_gate(const connection_gate&) = delete;
    connection_gate& operator=(const connection_gate&) = delete;

    /// One connection's place; given back by its destructor.
    class place {
      public:
        place(place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}

        place& operator=(place&&) = delete;

        ~place() {
            if (gate_ != nullptr) {
                gate_->open_.fetch_sub(1, std::memory_order_relaxed);
            }
        }

      private:
        friend class connection_gate;

        explicit place(connection_gate& gate) noexcept : gate_(&gate) {}

        connection_gate* gate_;
    };

    /// Nothing if all places are taken.
    [[nodiscard]] std::optional<place> enter() noexcept;

    [[nodiscard]] std::size_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  private:
    std::size_t limit_;
    std::atomic<std::size_t> open_{0};
};

/// What a connection that is served holds to its end.
struct admission {
    connection_gate::place of_all;
    address_gate::place of_address;

    /// A place alone is an admission of somebody whose address is not counted.
    // NOLINTNEXTLINE(google-explicit-constructor)
    admission(connection_gate::place all, address_gate::place address = {}) noexcept
        : of_all(std::move(all)),
          of_address(std::move(address)) {}
};

/// A connection as its loop knows it; lives in the session.
struct connection : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    stream_socket* socket = nullptr;
    bool idle = false; ///< it waits for the first byte of a request, and nothing but close_idle() will end that soon
    client peer;
};

/// One a loop; its thread only.
class open_connections {
  public:
    void add(connection& c) { all_.push_back(c); }

    /// From now on a connection that has not asked anything yet has a moment for it, not the idle time.
    void begin_closing() noexcept { closing_ = true; }

    [[nodiscard]] bool closing() const noexcept { return closing_; }

    /// Wakes every idle connection: it ends by itself, unless a request has come in this very moment. Nothing is shut
    /// down here: what a client has sent already is read, not reset.
    void close_idle() noexcept;

  private:
    bool closing_ = false;
    boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>> all_;
};

} // namespace muster::server
