// upstream/: the bytes of a connection to a source: one socket type for TCP and Unix sockets, with a concrete executor.
#pragma once

#include "concurrency/operation.hpp"
#include "concurrency/task.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::upstream {

using http_socket =
    boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, concurrency::deferred_executor>;
using http_endpoint = boost::asio::generic::stream_protocol::endpoint;

/// Of a Unix socket. Throws std::invalid_argument for a path that is too long for one.
[[nodiscard]] http_endpoint unix_endpoint(const std::string& path);

/// A connection to `where`, bounded by the caller's scope; without delay of small writes. Throws system_error.
[[nodiscard]] concurrency::task<http_socket> connect_to(http_endpoint where);

/// What an attempt to move bytes without waiting brought.
enum class moved : std::uint8_t {
    some,
    none,   ///< not now
    ended,  ///< the other side ended in order: nothing more will come
    broken, ///< a reset, or another error
};

/// Reads what is there, at most `size` bytes; `n` of them.
[[nodiscard]] moved receive_now(http_socket& socket, char* into, std::size_t size, std::size_t& n) noexcept;

/// Gives the kernel as much of `unsent`, which shrinks, as it takes at once: some (or all), none, or broken.
[[nodiscard]] moved send_now(http_socket& socket, std::string_view& unsent) noexcept;

/// Whether a connection without work is as it should be: open, and silent.
[[nodiscard]] bool at_rest(http_socket& socket) noexcept;

/// The end of `socket` shall be a reset, so that the other side, however late it wakes, can tell that nobody waits for
/// an answer before it begins to work on one: a server that looks (as muster does) drops the question, which the kernel
/// still hands to it. A Unix socket knows no reset: there the end is one like any other, and as easily seen.
void reset_when_closed(http_socket& socket) noexcept;

} // namespace muster::upstream
