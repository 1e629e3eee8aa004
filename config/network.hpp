// config/: networks as values: whose word is taken. IPv4 and IPv6 in one form, so that 10.0.0.0/8 also covers
// ::ffff:10.1.2.3.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::config {

/// An IPv6 address; an IPv4 address is ::ffff:a.b.c.d.
using ip_bytes = std::array<std::uint8_t, 16>;

/// Reads an IPv4 or IPv6 literal (no brackets, no zone). Nothing if it is none.
[[nodiscard]] std::optional<ip_bytes> parse_ip(std::string_view text);

/// What parse_ip() reads: "10.1.2.3", "2001:db8::1".
[[nodiscard]] std::string to_string(const ip_bytes& address);

struct network {
    ip_bytes address{};
    unsigned bits = 128; ///< of `address`: 96 + n for an IPv4 network of n; the others are 0

    [[nodiscard]] bool contains(const ip_bytes& other) const noexcept;

    bool operator==(const network&) const = default;
};

/// Reads "10.0.0.0/8", "2001:db8::/32" or an address alone. The error is a phrase that says what to write instead.
[[nodiscard]] std::expected<network, std::string> parse_network(std::string_view text);

/// Who is believed when it says for whom it asks.
struct trusted_peers {
    std::vector<network> networks;
    bool unix_sockets = false; ///< whoever connects through a Unix socket

    [[nodiscard]] bool contains(const ip_bytes& address) const noexcept;

    bool operator==(const trusted_peers&) const = default;
};

} // namespace muster::config
