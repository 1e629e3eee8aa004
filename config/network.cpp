// config/: see network.hpp.
#include "config/network.hpp"

#include "config/scalar.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>

namespace muster::config {
namespace {

constexpr auto how = "write networks such as 10.0.0.0/8 or 2001:db8::/32, addresses, or unix";

bool is_ipv4(const ip_bytes& address) {
    const auto* head = address.data();
    return std::all_of(head, head + 10, [](auto byte) { return byte == 0; }) && head[10] == 0xff && head[11] == 0xff;
}

ip_bytes masked(ip_bytes address, unsigned bits) {
    for (std::size_t i = 0; i != address.size(); ++i) {
        const auto kept = std::clamp(static_cast<int>(bits) - static_cast<int>(8 * i), 0, 8);
        address[i] &= static_cast<std::uint8_t>(0xff00 >> kept);
    }
    return address;
}

} // namespace

std::optional<ip_bytes> parse_ip(std::string_view text) {
    const std::string terminated{text};
    if (terminated.find('\0') != terminated.npos)
        return std::nullopt;
    ip_bytes address{};
    if (::inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1)
        return address;
    address = {};
    address[10] = address[11] = 0xff;
    if (::inet_pton(AF_INET, terminated.c_str(), address.data() + 12) == 1)
        return address;
    return std::nullopt;
}

std::string to_string(const ip_bytes& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_ipv4(address))
        ::inet_ntop(AF_INET, address.data() + 12, text.data(), text.size());
    else
        ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
    return text.data();
}

bool network::contains(const ip_bytes& other) const noexcept {
    return masked(other, bits) == address;
}

std::expected<network, std::string> parse_network(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    if (!address)
        return std::unexpected{std::string{"not a network; "} + how};
    if (slash == text.npos)
        return network{*address, 128};
    const bool v4 = !text.substr(0, slash).contains(':');
    const auto length = parse_number(text.substr(slash + 1), 0, v4 ? 32 : 128);
    if (!length)
        return std::unexpected{"the length behind the slash " + length.error()};
    const auto bits = static_cast<unsigned>(*length) + (v4 ? 96 : 0);
    const auto first = masked(*address, bits);
    if (first != *address)
        return std::unexpected{"the address has bits beyond that length; write " + to_string(first) + '/' +
                               std::to_string(*length) + ", or the address alone"};
    return network{first, bits};
}

bool trusted_peers::contains(const ip_bytes& address) const noexcept {
    return std::ranges::any_of(networks, [&](const network& each) { return each.contains(address); });
}

} // namespace muster::config
