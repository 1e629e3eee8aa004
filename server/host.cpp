// server/: see host.hpp.
#include "server/host.hpp"

#include "handlers/percent.hpp"
#include "syntax/octets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace muster::server {

namespace {

using namespace syntax::octets;

constexpr std::size_t longest_host = 255 + 6; // a name of DNS, and a port
constexpr syntax::octet_set future_literal{"-._~!$&'()*+,;=:"};

bool is_port(std::string_view text) noexcept {
    unsigned value = 0;
    for (const char c : text) {
        if (!digit(c)) {
            return false;
        }
        value = std::min(value * 10 + static_cast<unsigned>(c - '0'), 65'536U);
    }
    return value <= 65'535;
}

bool is_ipv6(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) {
        return false;
    }
    std::ranges::copy(text, terminated.begin());
    in6_addr address{};
    return ::inet_pton(AF_INET6, terminated.data(), &address) == 1;
}

bool is_future_literal(std::string_view text) noexcept { // "v1.anything"
    text.remove_prefix(1);
    const auto version = hex.span(text);
    if (version == 0 || !text.substr(version).starts_with('.')) {
        return false;
    }
    text.remove_prefix(version + 1);
    return !text.empty() && future_literal.holds(text);
}

bool is_port_after(std::string_view rest) noexcept {
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

} // namespace

bool valid_host(std::string_view host) noexcept {
    if (host.empty() || host.size() > longest_host) {
        return false;
    }
    if (host.front() == '[') {
        const auto close = host.find(']');
        if (close == std::string_view::npos) {
            return false;
        }
        const auto literal = host.substr(1, close - 1);
        const bool future = literal.starts_with('v') || literal.starts_with('V');
        return (future ? is_future_literal(literal) : is_ipv6(literal)) && is_port_after(host.substr(close + 1));
    }
    const auto name = host.substr(0, reg_name.span(host));
    return !name.empty() && handlers::percent_valid(name) && is_port_after(host.substr(name.size()));
}

} // namespace muster::server
