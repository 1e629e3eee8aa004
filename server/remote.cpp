// server/: see remote.hpp.
#include "server/remote.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace muster::server {

remote remote_of(const sockaddr_storage& peer) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (peer.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
        config::ip_bytes address{};
        address[10] = address[11] = 0xff;
        std::memcpy(address.data() + 12, &v4.sin_addr, sizeof v4.sin_addr);
        return {.name = std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port)), .address = address};
    }
    if (peer.ss_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
        config::ip_bytes address{};
        std::memcpy(address.data(), &v6.sin6_addr, address.size());
        return {.name = "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port)),
                .address = address};
    }
    return {.name = "unix", .address = std::nullopt};
}

} // namespace muster::server
