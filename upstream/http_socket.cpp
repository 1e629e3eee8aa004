// upstream/: see http_socket.hpp.
#include "upstream/http_socket.hpp"

#include "concurrency/deadline.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/system_error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace muster::upstream {

using concurrency::task;
using linger_option = ::linger; // the system's

http_endpoint unix_endpoint(const std::string& path) {
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        throw std::invalid_argument("too long for the path of a Unix socket: " + path);
    }
    return http_endpoint(boost::asio::local::stream_protocol::endpoint(path));
}

namespace {

// A full backlog is EAGAIN here, which Asio takes for a connection that is under way and, since the socket can be
// written at once, for one that has come about. Nothing tells when there is room again, so it is asked for.
task<void> connect_unix(http_socket& socket, const http_endpoint& where) {
    constexpr concurrency::duration longest_pause = std::chrono::milliseconds(50);
    socket.native_non_blocking(true);
    for (concurrency::duration pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, longest_pause)) {
        if (::connect(socket.native_handle(), where.data(), static_cast<socklen_t>(where.size())) == 0) {
            co_return;
        }
        if (const int why = errno; why != EAGAIN && why != EINTR) {
            throw boost::system::system_error(why, boost::system::system_category());
        }
        co_await concurrency::sleep_for(pause);
    }
}

} // namespace

task<http_socket> connect_to(http_endpoint where) {
    auto& home = co_await concurrency::current_loop();
    const int family = where.protocol().family();
    // Not by Asio, whose sockets are inherited by every program that is started.
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        throw boost::system::system_error(errno, boost::system::system_category());
    }
    http_socket socket(home.context());
    boost::system::error_code error;
    socket.assign(where.protocol(), fd, error);
    if (error) {
        ::close(fd);
        throw boost::system::system_error(error);
    }
    if (family != AF_UNIX) {
        const int on = 1;
        (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (family == AF_UNIX) {
        co_await connect_unix(socket, where);
    } else {
        co_await concurrency::named("connect", socket.async_connect(where, boost::asio::deferred));
    }
    co_return std::move(socket);
}

moved receive_now(http_socket& socket, char* into, std::size_t size, std::size_t& n) noexcept {
    ssize_t got = 0;
    do {
        got = ::recv(socket.native_handle(), into, size, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    n = got > 0 ? static_cast<std::size_t>(got) : 0;
    return got > 0 ? moved::some : got == 0 ? moved::ended : errno == EAGAIN ? moved::none : moved::broken;
}

moved send_now(http_socket& socket, std::string_view& unsent) noexcept {
    ssize_t sent = 0;
    do {
        sent = ::send(socket.native_handle(), unsent.data(), unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == EAGAIN ? moved::none : moved::broken;
    }
    unsent.remove_prefix(static_cast<std::size_t>(sent));
    return moved::some;
}

bool at_rest(http_socket& socket) noexcept {
    char byte = 0;
    ssize_t got = 0;
    do {
        got = ::recv(socket.native_handle(), &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    } while (got < 0 && errno == EINTR);
    return got < 0 && errno == EAGAIN; // a byte that nobody asked for would be taken for the next answer
}

void reset_when_closed(http_socket& socket) noexcept {
    const linger_option at_once{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

} // namespace muster::upstream
