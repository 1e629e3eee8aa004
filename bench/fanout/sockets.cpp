// bench/fanout: see sockets.hpp.
#include "bench/fanout/sockets.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <ctime>
#include <system_error>

namespace muster::bench {

namespace {

constexpr std::size_t least_room = 2'048;
constexpr int backlog = 4'096;
constexpr std::int64_t second = 1'000'000'000;

int checked(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

void without_delay(int socket) {
    const int on = 1;
    checked(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

} // namespace

std::int64_t now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * second + time.tv_nsec;
}

void allow_many_sockets() {
    rlimit limit{};
    checked(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    checked(::setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

listening listen_on_loopback() {
    unique_fd socket(checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    auto address = loopback(0);
    socklen_t size = sizeof address;
    checked(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind");
    checked(::listen(socket.get(), backlog), "listen");
    checked(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    return {std::move(socket), ntohs(address.sin_port)};
}

unique_fd accept_from(const unique_fd& listener) {
    while (true) {
        const int fd = ::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            without_delay(fd);
            return unique_fd(fd);
        }
        if (errno == EAGAIN) {
            return {};
        }
        if (errno != EINTR && errno != ECONNABORTED) {
            checked(fd, "accept");
        }
    }
}

unique_fd connect_to(std::uint16_t port) {
    unique_fd socket(checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const auto address = loopback(port);
    checked(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    without_delay(socket.get());
    return socket;
}

bool send_whole(const unique_fd& socket, std::string_view bytes) {
    const auto sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
        return false;
    }
    checked(static_cast<int>(sent), "send");
    if (static_cast<std::size_t>(sent) != bytes.size()) {
        throw std::system_error(EMSGSIZE, std::generic_category(), "send");
    }
    return true;
}

inbox::outcome inbox::read_from(const unique_fd& socket) {
    auto outcome = outcome::nothing;
    while (true) {
        if (bytes_.size() - begin_ - size_ < least_room + padding) {
            bytes_.erase(0, begin_);
            begin_ = 0;
            bytes_.resize(size_ + 2 * least_room);
        }
        const auto room = bytes_.size() - begin_ - size_ - padding;
        const auto got = ::recv(socket.get(), bytes_.data() + begin_ + size_, room, MSG_DONTWAIT);
        if (got > 0) {
            size_ += static_cast<std::size_t>(got);
            outcome = outcome::some;
            if (static_cast<std::size_t>(got) < room) {
                return outcome; // whatever comes from here on is an edge of its own
            }
        } else if (got == 0 || errno == ECONNRESET) {
            return outcome::ended;
        } else if (errno == EAGAIN) {
            return outcome;
        } else if (errno != EINTR) {
            checked(-1, "recv");
        }
    }
}

void inbox::drop(std::size_t used) noexcept {
    size_ -= used;
    begin_ = size_ == 0 ? 0 : begin_ + used;
}

poller::poller() : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}

void poller::watch(const unique_fd& socket, std::uint64_t meaning) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    event.data.u64 = meaning;
    checked(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event), "epoll_ctl");
}

std::span<const epoll_event> poller::look() {
    const auto found = wait(0);
    if (found.empty()) {
        ::sched_yield();
    }
    return found;
}

std::span<const epoll_event> poller::wait(std::int64_t nanoseconds) {
    const timespec limit{.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
    const int count = ::epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                     nanoseconds < 0 ? nullptr : &limit, nullptr);
    if (count < 0 && errno != EINTR) {
        checked(count, "epoll_pwait2");
    }
    return std::span<const epoll_event>(events_).first(count < 0 ? 0 : static_cast<std::size_t>(count));
}

} // namespace muster::bench
