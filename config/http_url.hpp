// config/: the URL of a source over HTTP, behind its scheme: which machine and port, or which Unix socket.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace muster::config {

/// Either `host` and `port`, or `path`.
struct http_place {
    std::string host{}; ///< an IPv4 or IPv6 literal (without brackets), or a name in lower case
    std::uint16_t port = 0;
    std::string path{}; ///< of a Unix socket: absolute, or relative to the working directory; fits into sockaddr_un

    bool operator==(const http_place&) const = default;
};

/// Reads what stands behind `http:`: `//HOST`, `//HOST:PORT`, `//[::1]:8080`, or `//unix:PATH` as nginx writes it (the
/// path ends at a colon); a slash may end it. The error is a phrase that says what to write instead; it does not repeat
/// `text`.
[[nodiscard]] std::expected<http_place, std::string> parse_http_place(std::string_view text);

} // namespace muster::config
