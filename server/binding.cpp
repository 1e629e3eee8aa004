// server/: see binding.hpp.
#include "server/binding.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <system_error>
#include <utility>
#include <variant>

namespace muster::server {

namespace {

// Who knocks faster than we accept waits in the kernel: as many as it lets (net.core.somaxconn, 4096 by default, is the
// least of both). Beyond them it drops, and they knock again a second later.
constexpr int backlog = SOMAXCONN;

// What the kernel takes of an answer beyond what is on its way to the client: who does not read keeps the rest of it
// here, where the write timeout ends it and the limits on memory see it, and not megabytes in the kernel.
constexpr int most_unsent = 16 * 1024;

// What it takes in all, with what is on its way and not acknowledged yet (it counts twice as much, for its own needs):
// by itself that would grow to megabytes for who reads fast at first and then stops. To a client that is 100 ms away
// one connection sends more than a megabyte a second with it.
constexpr int most_on_its_way = 128 * 1024;

// What the kernel takes of requests that are not read yet (it counts twice as much, for its own needs): by itself it
// would grow to megabytes for who sends much, and starts with 128 KiB. Requests are small here.
constexpr int most_unread = 32 * 1024;

struct socket_address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }

    [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

[[noreturn]] void refuse(const config::endpoint& where, int error) {
    throw bind_error("cannot listen on " + to_string(where) + ": " + std::generic_category().message(error));
}

socket_address address_of(const config::tcp_endpoint& where) {
    socket_address made;
    auto& v4 = reinterpret_cast<sockaddr_in&>(made.storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(made.storage);
    const std::string host = where.host == "localhost" ? "127.0.0.1" : where.host;
    if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(where.port);
        made.size = sizeof v4;
    } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(where.port);
        made.size = sizeof v6;
    } else {
        refuse(where, EADDRNOTAVAIL);
    }
    return made;
}

void set(int fd, int level, int option, int value = 1) {
    if (::setsockopt(fd, level, option, &value, sizeof value) != 0) {
        throw std::system_error(errno, std::generic_category());
    }
}

int in_milliseconds(std::chrono::milliseconds time) {
    return static_cast<int>(
        std::clamp<std::chrono::milliseconds::rep>(time.count(), 1, std::numeric_limits<int>::max()));
}

// A bound socket; of TCP with that user timeout. Throws std::system_error.
unique_fd bound(socket_address& address, bool reuse_port, std::chrono::milliseconds unacknowledged = {}) {
    unique_fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        throw std::system_error(errno, std::generic_category());
    }
    if (address.family() != AF_UNIX) {
        set(fd.get(), SOL_SOCKET, SO_REUSEADDR); // connections of an earlier process in TIME_WAIT do no harm
        // Inherited by what is accepted.
        set(fd.get(), IPPROTO_TCP, TCP_NODELAY);
        set(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, most_unsent);
        set(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, in_milliseconds(unacknowledged));
        set(fd.get(), SOL_SOCKET, SO_SNDBUF, most_on_its_way);
        set(fd.get(), SOL_SOCKET, SO_RCVBUF, most_unread);
    }
    if (address.family() == AF_INET6) {
        set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    }
    if (reuse_port) {
        set(fd.get(), SOL_SOCKET, SO_REUSEPORT);
    }
    if (::bind(fd.get(), address.get(), address.size) != 0) {
        throw std::system_error(errno, std::generic_category());
    }
    return fd;
}

void start_listening(const unique_fd& fd) {
    if (::listen(fd.get(), backlog) != 0) {
        throw std::system_error(errno, std::generic_category());
    }
}

std::uint16_t port_of(const unique_fd& fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                               : reinterpret_cast<sockaddr_in&>(storage).sin_port);
}

listening listen_on_tcp(config::tcp_endpoint where, std::size_t count, bool share,
                        std::chrono::milliseconds unacknowledged) {
    auto address = address_of(where);
    listening made;
    while (made.sockets.size() < count) {
        const bool alone = made.sockets.empty() && !share;
        made.sockets.push_back(bound(address, !alone, unacknowledged));
        start_listening(made.sockets.back()); // two sockets that only are bound do not disturb each other
        if (alone && count > 1) {
            // Now that it is ours alone the others may join it. It stays: to close it would reset who has come already.
            set(made.sockets.back().get(), SOL_SOCKET, SO_REUSEPORT);
        }
        where.port = port_of(made.sockets.back());
        address = address_of(where);
    }
    made.address = to_string(config::endpoint(where));
    return made;
}

// Whether the file at `address` is a socket on which nobody accepts.
bool is_stale(socket_address& address, const std::string& path) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) {
        return false;
    }
    const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return probe && ::connect(probe.get(), address.get(), address.size) != 0 && errno == ECONNREFUSED;
}

listening listen_on_unix(const config::unix_endpoint& where) {
    socket_address address;
    auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
    if (where.path.size() >= sizeof local.sun_path) {
        throw std::system_error(ENAMETOOLONG, std::generic_category());
    }
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, where.path.c_str(), where.path.size() + 1);
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + where.path.size() + 1);

    listening made;
    struct stat found{};
    if (::lstat(where.path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) {
        throw bind_error("cannot listen on " + to_string(config::endpoint(where)) +
                         ": the file exists and is no socket");
    }
    if (is_stale(address, where.path)) {
        ::unlink(where.path.c_str());
    }
    made.sockets.push_back(bound(address, false));
    made.file = socket_file(where.path);
    start_listening(made.sockets.back());
    made.address = to_string(config::endpoint(where));
    return made;
}

} // namespace

socket_file::socket_file(std::string path) : path_(std::move(path)) {
    struct stat found{};
    if (::lstat(path_.c_str(), &found) == 0) {
        device_ = found.st_dev;
        inode_ = found.st_ino;
    }
}

socket_file::socket_file(socket_file&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

socket_file& socket_file::operator=(socket_file&& other) noexcept {
    if (this != &other) {
        remove();
        path_ = std::exchange(other.path_, {});
        device_ = other.device_;
        inode_ = other.inode_;
    }
    return *this;
}

socket_file::~socket_file() {
    remove();
}

void socket_file::remove() noexcept {
    struct stat found{};
    if (!path_.empty() && ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
}

listening listen_on(const config::endpoint& where, std::size_t count, bool share,
                    std::chrono::milliseconds unacknowledged) {
    try {
        if (const auto* local = std::get_if<config::unix_endpoint>(&where)) {
            return listen_on_unix(*local);
        }
        return listen_on_tcp(std::get<config::tcp_endpoint>(where), count, share, unacknowledged);
    } catch (const std::system_error& error) {
        refuse(where, error.code().value());
    }
}

} // namespace muster::server
