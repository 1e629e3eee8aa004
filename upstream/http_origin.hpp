// upstream/: where an HTTP source is, as plain values. The scheme is http; the type leaves room for TLS, which needs
// the host's name and nothing else from here.
#pragma once

#include <cstdint>
#include <string>

namespace muster::upstream {

/// scheme, host and port (RFC 9110, section 4.3.1), or a Unix socket that speaks HTTP.
struct http_origin {
    std::string host{};      ///< a name, or an IPv4 or IPv6 address without brackets; empty for a Unix socket
    std::uint16_t port = 80; ///< of the host
    std::string unix_path{}; ///< empty: TCP

    friend bool operator==(const http_origin&, const http_origin&) = default;
};

/// The value of Host for it: "example:8080", "[::1]", without the scheme's own port; "localhost" for a Unix socket.
[[nodiscard]] std::string host_field(const http_origin& origin);

} // namespace muster::upstream
