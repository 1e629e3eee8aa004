// server/: how many connections one address may have, so that no single client takes the whole house. One for all
// loops; connection_gate counts the connections of everybody.
#pragma once

#include "concurrency/time.hpp"
#include "config/network.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace muster::server {

/// Counts open connections by IPv4 address, or by the /64 of an IPv6 address, which is what one client has for itself.
/// Loopback, Unix sockets and trusted proxies are not counted: many clients come by them. Safe from every thread;
/// outlives its places. Its memory is that of the addresses that have a connection now: an ordered map, so that no
/// choice of addresses makes it slow.
class address_gate {
    struct shard {
        std::mutex mutex;
        std::map<config::ip_bytes, std::size_t> open;
    };

  public:
    /// `limit` 0: nobody is counted.
    address_gate(std::size_t limit, config::trusted_peers exempt) : limit_(limit), exempt_(std::move(exempt)) {}

    address_gate(const address_gate&) = delete;
    address_gate& operator=(const address_gate&) = delete;

    /// One connection's place; given back by its destructor, on any thread.
    class place {
      public:
        /// Of somebody who is not counted.
        place() noexcept = default;

        place(place&& other) noexcept : shard_(std::exchange(other.shard_, nullptr)), entry_(other.entry_) {}

        place& operator=(place&&) = delete;
        ~place();

      private:
        friend class address_gate;
        using entry = std::map<config::ip_bytes, std::size_t>::iterator;

        place(shard& in, entry at) noexcept : shard_(&in), entry_(at) {}

        shard* shard_ = nullptr;
        entry entry_{};
    };

    /// Nothing if `from` has all its places; no address: a Unix socket's. Throws bad_alloc.
    [[nodiscard]] std::optional<place> enter(const std::optional<config::ip_bytes>& from);

    /// Whether a refusal at this time is to be told in the log: once a minute for all loops, whoever is refused.
    [[nodiscard]] bool to_be_told(concurrency::time_point now) noexcept;

    /// How many addresses have a connection.
    [[nodiscard]] std::size_t addresses() const;

    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  private:
    std::size_t limit_;
    config::trusted_peers exempt_;
    // Loops that accept at the same time seldom meet at one lock, which is held for a step in a map.
    mutable std::array<shard, 16> shards_;
    std::atomic<concurrency::time_point> quiet_until_{concurrency::time_point::min()};
};

} // namespace muster::server
