// server/: a connection's bytes: one socket type for TCP and Unix sockets, with a concrete executor, so that no call
// goes through an any_executor.
#pragma once

#include "concurrency/operation.hpp"
#include "concurrency/task.hpp"
#include "concurrency/time.hpp"
#include "server/unique_fd.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace muster::server {

using stream_socket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, concurrency::deferred_executor>;

/// Takes the descriptor of a connected socket over, for the loop whose thread this is. Throws system_error.
[[nodiscard]] stream_socket adopt(concurrency::loop& home, unique_fd connected);

/// What has come, at most `size` bytes; 0 when nothing more will come. A reset is an end, too: nobody is there to be
/// told. Bounded by the caller's scope; bytes that were not read yet survive a cancel.
[[nodiscard]] concurrency::task<std::size_t> receive(stream_socket& socket, char* into, std::size_t size);

/// The same of what is there already; nothing if nothing is.
[[nodiscard]] std::optional<std::size_t> receive_now(stream_socket& socket, char* into, std::size_t size) noexcept;

/// Until something can be received, or the end; false when a cancel of the socket cut it. Takes no memory to read into.
[[nodiscard]] inline auto readable(stream_socket& socket) {
    return concurrency::named(
        "read", socket.async_wait(stream_socket::wait_read, boost::asio::as_tuple(boost::asio::deferred)));
}

/// Gives the kernel as much of `unsent`, which shrinks, as it takes at once. False if the connection broke.
[[nodiscard]] bool send_now(stream_socket& socket, std::string_view& unsent) noexcept;

/// The end of `socket` shall be a reset: what is still with the kernel is dropped with it. For a peer that does not
/// read: the kernel would keep our answer and go on trying for minutes.
void reset_when_closed(stream_socket& socket) noexcept;

/// True once all of `unsent` is with the kernel; false if the connection broke. `unsent` shrinks as its bytes leave,
/// also when it throws. After a cancel close: the message cannot be completed any more.
[[nodiscard]] concurrency::task<bool> send(stream_socket& socket, std::string_view& unsent);

/// Ends our side and reads what the other still sends, until it has ended its side and has all of ours: a peer in the
/// middle of sending reads our last answer instead of a reset (RFC 9112, section 9.6). What is read is dropped where it
/// stands. After `limit` that is enough, unless the peer does not have all of our bytes yet: as long as it takes some
/// of them every two seconds it has until `longest`; who takes none is reset at the close.
[[nodiscard]] concurrency::task<void> linger(stream_socket& socket,
                                             concurrency::duration limit = std::chrono::seconds(2),
                                             concurrency::duration longest = std::chrono::seconds(2));

/// The same without waiting, for an end that has no time left: what has come already does not make it a reset.
void leave_now(stream_socket& socket) noexcept;

} // namespace muster::server
