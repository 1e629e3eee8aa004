// server/: see address_gate.hpp.
#include "server/address_gate.hpp"

#include <algorithm>

namespace muster::server {

namespace {

constexpr std::chrono::seconds between_tellings{60};
constexpr std::size_t ipv4_begins = 12; // in ::ffff:a.b.c.d

bool is_ipv4(const config::ip_bytes& address) noexcept {
    return std::all_of(address.begin(), address.begin() + 10, [](auto byte) { return byte == 0; }) &&
           address[10] == 0xff && address[11] == 0xff;
}

bool is_loopback(const config::ip_bytes& address) noexcept {
    constexpr config::ip_bytes of_ipv6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return address == of_ipv6 || (is_ipv4(address) && address[ipv4_begins] == 127);
}

// An IPv6 client has a whole /64, and as many addresses in it as it likes.
config::ip_bytes counted_as(config::ip_bytes address) noexcept {
    if (!is_ipv4(address)) {
        std::fill(address.begin() + 8, address.end(), std::uint8_t{0});
    }
    return address;
}

std::size_t mixed(const config::ip_bytes& address) noexcept {
    std::size_t sum = 0;
    for (const auto byte : address) {
        sum = sum * 31 + byte;
    }
    return sum;
}

} // namespace

address_gate::place::~place() {
    if (shard_ != nullptr) {
        const std::lock_guard lock(shard_->mutex);
        if (--entry_->second == 0) {
            shard_->open.erase(entry_);
        }
    }
}

std::optional<address_gate::place> address_gate::enter(const std::optional<config::ip_bytes>& from) {
    if (limit_ == 0 || !from || is_loopback(*from) || exempt_.contains(*from)) {
        return std::optional<place>(std::in_place);
    }
    const auto key = counted_as(*from);
    auto& in = shards_[mixed(key) % shards_.size()];
    const std::lock_guard lock(in.mutex);
    const auto entry = in.open.try_emplace(key, 0).first;
    if (entry->second == limit_) {
        return std::nullopt;
    }
    ++entry->second;
    return place(in, entry);
}

bool address_gate::to_be_told(concurrency::time_point now) noexcept {
    auto until = quiet_until_.load(std::memory_order_relaxed);
    // Of two loops that find it is time one tells.
    return now >= until &&
           quiet_until_.compare_exchange_strong(until, now + between_tellings, std::memory_order_relaxed);
}

std::size_t address_gate::addresses() const {
    std::size_t all = 0;
    for (auto& each : shards_) {
        const std::lock_guard lock(each.mutex);
        all += each.open.size();
    }
    return all;
}

} // namespace muster::server
