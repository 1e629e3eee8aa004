// server/: connections for which there is no place: 503 without reading a request, then the end. service decides who;
// here it is said, so that the one who is refused hears it, and the access log too.
#pragma once

#include "concurrency/task.hpp"
#include "server/connections.hpp"
#include "server/session.hpp"
#include "server/unique_fd.hpp"

#include <cstdint>
#include <string>

namespace muster::server {

enum class refused_for : std::uint8_t {
    connections,            ///< the process has as many as it takes
    connections_of_address, ///< its address has
    descriptors,            ///< one of the last was all there was for it
};

/// The task of such a connection, to be spawned with kind `connection`: it lingers (see linger()), so that a client in
/// the middle of its request reads the answer. Ends within 3 s. `place` bounds how many there are.
[[nodiscard]] concurrency::task<void> refuse_connection(unique_fd connected, connection_gate::place place,
                                                        const session_context& context, refused_for why);

/// The same without a task and without waiting, where even that has no place: a client that has sent its request
/// already, or that reads first, hears it; one that still sends may be reset. On the loop's thread.
void refuse_at_once(unique_fd connected, const session_context& context, refused_for why, std::string peer);

} // namespace muster::server
