// config/: where to listen, as a value. Names are not resolved here; the server floor binds.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace muster::config {

/// `host` is an IPv4 or IPv6 literal (without brackets) or the word "localhost"; port 0 asks for any free one.
struct tcp_endpoint {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const tcp_endpoint&) const = default;
};

/// A Unix domain socket; `path` fits into sockaddr_un.
struct unix_endpoint {
    std::string path;

    bool operator==(const unix_endpoint&) const = default;
};

using endpoint = std::variant<tcp_endpoint, unix_endpoint>;

/// Reads `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080` or `unix:PATH`. The error is a phrase that says what to
/// write instead; it does not repeat `text`.
[[nodiscard]] std::expected<endpoint, std::string> parse_endpoint(std::string_view text);

/// What parse_endpoint() reads.
[[nodiscard]] std::string to_string(const endpoint& where);

/// Whether only this machine reaches it: a Unix socket, localhost, 127.0.0.0/8, ::1 or ::ffff:127.0.0.0/104.
[[nodiscard]] bool is_local(const endpoint& where);

} // namespace muster::config
