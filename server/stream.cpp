// server/: see stream.hpp.
#include "server/stream.hpp"

#include "concurrency/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace muster::server {

namespace asio = boost::asio;
using concurrency::task;
using linger_option = ::linger; // the system's, which has the name of a function here

namespace {

constexpr auto tuple = asio::as_tuple(asio::deferred);

// Whether more may come.
bool drop_what_has_come(stream_socket& socket) noexcept {
    constexpr int turns = 64; // then everything else on the loop has its turn
    std::array<char, 16 * 1024> scrap;
    for (int i = 0; i != turns; ++i) {
        const auto n = receive_now(socket, scrap.data(), scrap.size());
        if (!n) {
            return true;
        }
        if (*n == 0) {
            return false;
        }
    }
    return true;
}

// Whoever takes nothing for this long does not read.
constexpr concurrency::duration stall = std::chrono::seconds(2);

int family_of(int fd) noexcept {
    int family = AF_UNSPEC;
    socklen_t size = sizeof family;
    ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family;
}

// Bytes that the peer does not have, or has not acknowledged. What was written to a Unix socket is with the peer.
std::size_t unsent_of(stream_socket& socket) noexcept {
    int unsent = 0;
    return family_of(socket.native_handle()) != AF_UNIX && ::ioctl(socket.native_handle(), SIOCOUTQ, &unsent) == 0
               ? static_cast<std::size_t>(std::max(unsent, 0))
               : 0;
}

// Until the peer has ended its side and has all of ours.
task<void> until_both_have_ended(stream_socket& socket) {
    while (drop_what_has_come(socket)) {
        if (const auto [error] = co_await readable(socket); error) {
            co_return;
        }
    }
    constexpr concurrency::duration longest_pause = std::chrono::milliseconds(100);
    concurrency::duration pause = std::chrono::milliseconds(2); // nobody tells us of an acknowledgement
    while (unsent_of(socket) != 0) {
        co_await concurrency::sleep_for(pause);
        pause = std::min(pause * 2, longest_pause);
    }
}

} // namespace

stream_socket adopt(concurrency::loop& home, unique_fd connected) {
    stream_socket socket(home.context());
    socket.assign(asio::generic::stream_protocol(family_of(connected.get()), 0), connected.get());
    (void)connected.release();
    return socket;
}

task<std::size_t> receive(stream_socket& socket, char* into, std::size_t size) {
    const auto [error, n] =
        co_await concurrency::named("read", socket.async_read_some(asio::buffer(into, size), tuple));
    co_return error ? 0 : n;
}

std::optional<std::size_t> receive_now(stream_socket& socket, char* into, std::size_t size) noexcept {
    for (;;) {
        const auto n = ::recv(socket.native_handle(), into, size, MSG_DONTWAIT);
        if (n >= 0) {
            return static_cast<std::size_t>(n);
        }
        if (errno != EINTR) {
            return errno == EAGAIN ? std::nullopt : std::optional<std::size_t>(0);
        }
    }
}

bool send_now(stream_socket& socket, std::string_view& unsent) noexcept {
    while (!unsent.empty()) {
        const auto n = ::send(socket.native_handle(), unsent.data(), unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            unsent.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            return errno == EAGAIN;
        }
    }
    return true;
}

void reset_when_closed(stream_socket& socket) noexcept {
    const linger_option at_once{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

task<bool> send(stream_socket& socket, std::string_view& unsent) {
    while (!unsent.empty()) {
        const auto [error, n] =
            co_await concurrency::named("write", socket.async_write_some(asio::buffer(unsent), tuple));
        if (error) {
            co_return false;
        }
        unsent.remove_prefix(n);
    }
    co_return true;
}

task<void> linger(stream_socket& socket, concurrency::duration limit, concurrency::duration longest) {
    boost::system::error_code error;
    socket.shutdown(stream_socket::shutdown_send, error);
    if (error) {
        co_return;
    }
    auto left = unsent_of(socket);
    auto round = limit;
    for (concurrency::duration spent{};;) {
        try {
            co_await concurrency::with_timeout(round, until_both_have_ended(socket));
        } catch (const concurrency::deadline_exceeded&) { // long enough, if all of our bytes are there
        }
        spent += round;
        const auto before = std::exchange(left, unsent_of(socket));
        if (left == 0) {
            co_return;
        }
        if (spent >= longest || (round >= stall && left >= before)) {
            reset_when_closed(socket);
            co_return;
        }
        round = stall;
    }
}

void leave_now(stream_socket& socket) noexcept {
    boost::system::error_code ignored;
    socket.shutdown(stream_socket::shutdown_send, ignored);
    (void)drop_what_has_come(socket);
}

} // namespace muster::server
