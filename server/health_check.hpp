// server/: `muster health`: one question to a running muster, for container health checks. A process of its own that
// ends at once, so plain sockets and poll() do, without a loop.
#pragma once

#include "config/settings.hpp"

#include <chrono>
#include <string>

namespace muster::server {

/// Whom the check asks: the admin listener, which answers when the loops are stuck, or without one the first public
/// one; a wildcard address is asked on loopback. Pure.
[[nodiscard]] config::endpoint health_endpoint(const config::settings& settings);

struct health_answer {
    bool ok;          ///< it answered 200, and the answer was whole
    std::string line; ///< what it said, or why there is no answer; one printable line without its end
};

/// Asks `where` for /readyz, if `ready`, or /livez. All of it, connecting included, takes at most `limit`.
[[nodiscard]] health_answer ask_health(const config::endpoint& where, bool ready, std::chrono::milliseconds limit);

} // namespace muster::server
