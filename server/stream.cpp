// server/: see stream.hpp.
#include "server/stream.hpp"

#include "concurrency/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>

#include <sys/socket.h>

#include <array>
#include <utility>

namespace muster::server {

namespace asio = boost::asio;
using concurrency::task;

namespace {

constexpr auto tuple = asio::as_tuple(asio::deferred);
constexpr std::size_t linger_bytes = 64 * 1024;

task<void> drain(stream_socket& socket) {
    std::array<char, 2048> scrap;
    for (std::size_t total = 0; total < linger_bytes;) {
        const auto n = co_await receive(socket, scrap.data(), scrap.size());
        if (n == 0) {
            co_return;
        }
        total += n;
    }
}

} // namespace

stream_socket adopt(concurrency::loop& home, unique_fd connected) {
    int family = AF_UNSPEC;
    socklen_t size = sizeof family;
    ::getsockopt(connected.get(), SOL_SOCKET, SO_DOMAIN, &family, &size);
    stream_socket socket(home.context());
    socket.assign(asio::generic::stream_protocol(family, 0), connected.get());
    (void)connected.release();
    return socket;
}

task<std::size_t> receive(stream_socket& socket, char* into, std::size_t size) {
    const auto [error, n] = co_await socket.async_read_some(asio::buffer(into, size), tuple);
    co_return error ? 0 : n;
}

task<bool> send(stream_socket& socket, std::string_view& unsent) {
    while (!unsent.empty()) {
        const auto [error, n] = co_await socket.async_write_some(asio::buffer(unsent), tuple);
        if (error) {
            co_return false;
        }
        unsent.remove_prefix(n);
    }
    co_return true;
}

task<void> linger(stream_socket& socket, concurrency::duration limit) {
    boost::system::error_code error;
    socket.shutdown(stream_socket::shutdown_send, error);
    if (error) {
        co_return;
    }
    try {
        co_await concurrency::with_timeout(limit, drain(socket));
    } catch (const concurrency::deadline_exceeded&) { // long enough
    }
}

} // namespace muster::server
