// config/: see http_url.hpp. Names are checked for their letters only; upstream resolves them, while it serves.
#include "config/http_url.hpp"

#include "config/network.hpp"
#include "config/scalar.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace muster::config {
namespace {

constexpr auto how = "write http://HOST:PORT (http://10.0.0.7:8080, http://[::1]:8080, http://posts) or "
                     "http://unix:PATH (http://unix:/run/muster.sock)";
constexpr std::uint16_t port_of_http = 80;

std::unexpected<std::string> refuse(std::string_view why) {
    return std::unexpected{std::string{why} + "; " + how};
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_letter(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/// RFC 1123, 2.1, and underscores, which the networks of containers have.
bool is_name(std::string_view name) {
    constexpr std::size_t longest_name = 253;
    constexpr std::size_t longest_label = 63;
    if (name.ends_with('.')) // from the root
        name.remove_suffix(1);
    if (name.empty() || name.size() > longest_name)
        return false;
    while (true) {
        const auto label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > longest_label || !std::ranges::all_of(label, is_name_letter))
            return false;
        if (label.size() == name.size())
            return true;
        name.remove_prefix(label.size() + 1);
    }
}

/// 127.1 and 10.0.0.256 are no names: resolvers take them for addresses of their own making.
bool looks_like_address(std::string_view name) {
    if (name.ends_with('.'))
        name.remove_suffix(1);
    return std::ranges::all_of(name.substr(name.rfind('.') + 1), is_digit); // npos + 1 is 0
}

std::expected<http_place, std::string> parse_socket(std::string_view path) {
    if (const auto colon = path.find(':'); colon != path.npos) { // what follows is the path of requests to nginx
        const auto rest = path.substr(colon + 1);
        if (!rest.empty() && rest != "/")
            return refuse("the path of a socket ends at the colon, and a path of requests behind it is not supported");
        path = path.substr(0, colon);
    }
    if (!path.starts_with('/') && !path.starts_with('.'))
        return refuse("the path of a Unix socket begins with / or ./");
    if (path.ends_with('/'))
        return refuse("the path of a Unix socket does not end with a slash");
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return refuse("the path of a Unix socket has at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                      " bytes");
    return http_place{.host = {}, .path = std::string{path}};
}

std::expected<std::uint16_t, std::string> parse_port(std::string_view text) {
    const auto number = parse_number(text, 1, 65535);
    if (!number)
        return refuse(text.empty() ? "no port behind the colon" : "the port " + number.error());
    return static_cast<std::uint16_t>(*number);
}

std::expected<http_place, std::string> parse_authority(std::string_view text) {
    std::string host;
    std::string_view behind;
    if (text.starts_with('[')) {
        const auto end = std::min(text.find(']'), text.size());
        host = text.substr(1, end - 1);
        behind = text.substr(std::min(end + 1, text.size()));
        if (end == text.size() || !host.contains(':') || !parse_ip(host))
            return refuse("the brackets hold no IPv6 address (without a zone)");
    } else {
        const auto colon = std::min(text.find(':'), text.size());
        host = text.substr(0, colon);
        behind = text.substr(colon);
        std::ranges::transform(host, host.begin(), [](unsigned char c) { return std::tolower(c); });
        if (behind.find(':', 1) != behind.npos)
            return refuse("the host is not written right: an IPv6 address stands in brackets");
        if (!is_name(host))
            return refuse(host.empty() ? "no host"
                                       : "the host is neither a name (of a-z, 0-9, - and _) nor an address");
        if (looks_like_address(host) && !parse_ip(host))
            return refuse("the host is no IPv4 address of four numbers, and no name either");
    }
    if (behind.empty())
        return http_place{.host = std::move(host), .port = port_of_http, .path = {}};
    if (!behind.starts_with(':'))
        return refuse("a colon and the port must follow the brackets");
    const auto port = parse_port(behind.substr(1));
    if (!port)
        return std::unexpected{port.error()};
    return http_place{.host = std::move(host), .port = *port, .path = {}};
}

} // namespace

std::expected<http_place, std::string> parse_http_place(std::string_view text) {
    if (!text.starts_with("//"))
        return refuse("two slashes must follow http:");
    text.remove_prefix(2);
    if (text.contains('@'))
        return refuse("no user, password or other @ may stand in it: no authentication is sent in this version");
    if (text.find_first_of("?#") != text.npos)
        return refuse("a query or a fragment has no meaning for a source");
    constexpr std::string_view unix_socket = "unix:";
    if (std::ranges::equal(text.substr(0, unix_socket.size()), unix_socket, {},
                           [](unsigned char c) { return std::tolower(c); }))
        return parse_socket(text.substr(unix_socket.size()));
    if (text.ends_with('/'))
        text.remove_suffix(1);
    if (text.contains('/'))
        return refuse("a path is not supported: the routes of a source are /api/users/... from its root");
    return parse_authority(text);
}

} // namespace muster::config
