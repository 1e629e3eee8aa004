// server/: who is at the other end of an accepted connection, by name for people and by address for limits.
#pragma once

#include "config/network.hpp"

#include <optional>
#include <string>

struct sockaddr_storage;

namespace muster::server {

struct remote {
    std::string name;                        ///< "127.0.0.1:40312", "[2001:db8::1]:4000" or "unix"
    std::optional<config::ip_bytes> address; ///< nothing: a Unix socket's
};

/// Reads what accept() tells.
[[nodiscard]] remote remote_of(const sockaddr_storage& peer);

} // namespace muster::server
