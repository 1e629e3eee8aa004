// config/: addresses are checked when they are read, so that a typing error is exit 2 and not a failed bind.
#include "config/address.hpp"

#include "config/scalar.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <optional>

namespace muster::config {
namespace {

constexpr auto how = "write HOST:PORT (127.0.0.1:8080, 0.0.0.0:8080, localhost:8080, [::1]:8080) or unix:PATH";

std::optional<in_addr> ipv4(const std::string& text) {
    in_addr address{};
    return ::inet_pton(AF_INET, text.c_str(), &address) == 1 ? std::optional{address} : std::nullopt;
}

std::optional<in6_addr> ipv6(const std::string& text) {
    in6_addr address{};
    return ::inet_pton(AF_INET6, text.c_str(), &address) == 1 ? std::optional{address} : std::nullopt;
}

std::unexpected<std::string> refuse(std::string why) {
    return std::unexpected{std::move(why)};
}

std::expected<endpoint, std::string> parse_unix(std::string_view path) {
    if (path.empty())
        return refuse("no path; write unix:PATH, such as unix:/run/muster.sock");
    if (path.front() == '@')
        return refuse("abstract sockets are not supported; write unix:PATH, such as unix:/run/muster.sock");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return refuse("the path of a Unix socket has at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                      " bytes");
    return unix_endpoint{std::string{path}};
}

} // namespace

std::expected<endpoint, std::string> parse_endpoint(std::string_view text) {
    if (has_control(text))
        return refuse("control characters are not allowed");
    if (text.starts_with("unix:"))
        return parse_unix(text.substr(5));

    std::string_view host;
    std::string_view port;
    const bool bracketed = text.starts_with('[');
    if (bracketed) {
        const auto end = text.find(']');
        if (end == text.npos || text.substr(end + 1, 1) != ":")
            return refuse(std::string{"not an address; "} + how);
        host = text.substr(1, end - 1);
        port = text.substr(end + 2);
    } else {
        const auto colon = text.rfind(':');
        if (colon == text.npos)
            return refuse(std::string{"no port; "} + how);
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (host.contains(':'))
            return refuse("an IPv6 address stands in brackets: [::1]:8080");
        if (host.empty())
            return refuse("no host; write 127.0.0.1:PORT for this machine only or 0.0.0.0:PORT for all addresses");
    }

    const std::string name{host};
    if (bracketed ? !ipv6(name) : name != "localhost" && !ipv4(name))
        return refuse(std::string{"the host must be an IPv4 or IPv6 address or localhost; "} + how);
    const auto number = parse_number(port, 0, 65535);
    if (!number)
        return refuse("the port " + number.error());
    return tcp_endpoint{name, static_cast<std::uint16_t>(*number)};
}

std::string to_string(const endpoint& where) {
    if (const auto* local = std::get_if<unix_endpoint>(&where))
        return "unix:" + local->path;
    const auto& tcp = std::get<tcp_endpoint>(where);
    const auto port = ':' + std::to_string(tcp.port);
    return tcp.host.contains(':') ? '[' + tcp.host + ']' + port : tcp.host + port;
}

bool is_local(const endpoint& where) {
    const auto* tcp = std::get_if<tcp_endpoint>(&where);
    if (!tcp || tcp->host == "localhost")
        return true;
    if (const auto address = ipv4(tcp->host))
        return ntohl(address->s_addr) >> 24 == 127;
    if (const auto address = ipv6(tcp->host)) {
        const auto& bytes = address->s6_addr;
        return IN6_IS_ADDR_LOOPBACK(&*address) || (IN6_IS_ADDR_V4MAPPED(&*address) && bytes[12] == 127);
    }
    return false;
}

} // namespace muster::config
