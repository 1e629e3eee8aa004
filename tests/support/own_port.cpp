// tests/support: ports of one's own, claimed by the names of abstract Unix sockets.
#include "tests/support/own_port.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>

namespace muster::tests {

namespace {

using ports = std::uniform_int_distribution<std::uint16_t>;

/// 10000 to 29999, or what of them lies below the ports that the kernel gives away on this machine.
ports choice() {
    constexpr int first = 10'000;
    constexpr int last = 29'999;
    constexpr int least = 2'000;
    constexpr int enough = 1'000;
    int given = 0;
    std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> given;
    const int below = std::min(last, given - 1);
    if (below < least + enough) { // no room, or nobody knows
        return ports(first, last);
    }
    return ports(static_cast<std::uint16_t>(below < first + enough ? least : first), static_cast<std::uint16_t>(below));
}

/// The socket that holds the claim; -1 when another process, or this one, has it.
int claimed(std::uint16_t port) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto name = "muster-test-port-" + std::to_string(port);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path + 1); // the zero before it makes it abstract
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) {
        return fd;
    }
    ::close(fd);
    return -1;
}

/// Without SO_REUSEADDR: a connection that lingers there counts as a user too.
bool is_free(std::uint16_t port) {
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int both = 0;
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof both);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    const bool free = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return free;
}

} // namespace

own_port::own_port() {
    std::minstd_rand random(std::random_device{}());
    ports any = choice();
    for (int tries = 0; tries != 1'000; ++tries) {
        number_ = any(random);
        claim_ = claimed(number_);
        if (claim_ >= 0 && is_free(number_)) {
            return;
        }
        if (claim_ >= 0) {
            ::close(claim_);
        }
    }
    throw std::runtime_error("no port of its own for a test");
}

own_port::~own_port() {
    ::close(claim_);
}

} // namespace muster::tests
