// server/: see named_peer.hpp.
#include "server/named_peer.hpp"

#include "syntax/ascii.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <vector>

namespace muster::server {

namespace {

using syntax::equal_ignoring_case;

struct node {
    config::ip_bytes address{};
    std::optional<std::uint16_t> port;
};

/// In the order of the hops; nothing: something that is no address.
using hops = std::vector<std::optional<node>>;

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80".
std::optional<node> parse_node(std::string_view text) {
    std::string_view host = text;
    std::optional<std::string_view> port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos || !text.substr(0, end).contains(':')) {
            return std::nullopt;
        }
        host = text.substr(1, end - 1);
        const auto rest = text.substr(end + 1);
        if (!rest.empty()) {
            if (rest.front() != ':') {
                return std::nullopt;
            }
            port = rest.substr(1);
        }
    } else if (const auto colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    const auto address = config::parse_ip(host);
    if (!address) {
        return std::nullopt;
    }
    node result{*address, std::nullopt};
    if (port && !port->starts_with('_')) { // a hidden port is as good as none
        std::uint16_t number = 0;
        const auto* const last = port->data() + port->size();
        const auto read = std::from_chars(port->data(), last, number);
        if (read.ec != std::errc() || read.ptr != last) {
            return std::nullopt;
        }
        result.port = number;
    }
    return result;
}

std::string shown(const node& which) {
    auto address = config::to_string(which.address);
    if (!which.port) {
        return address;
    }
    const auto port = ':' + std::to_string(*which.port);
    return address.contains(':') ? '[' + address + ']' + port : address + port;
}

bool is_token_char(char c) noexcept {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != std::string_view::npos;
}

// One field of Forwarded, RFC 7239, section 4. Bare addresses with colons are forgiven: many send them.
class forwarded_field {
  public:
    explicit forwarded_field(std::string_view text) noexcept : rest_(text) {}

    // False if the grammar does not hold: then nothing in it can be placed.
    bool read(hops& into) {
        for (;;) {
            std::optional<std::string> named;
            if (!element(named)) {
                return false;
            }
            into.push_back(named ? parse_node(*named) : std::nullopt);
            if (rest_.empty()) {
                return true;
            }
            rest_.remove_prefix(1); // the comma
        }
    }

  private:
    bool element(std::optional<std::string>& named) {
        for (;;) {
            skip_space();
            if (!rest_.empty() && is_token_char(rest_.front()) && !pair(named)) {
                return false;
            }
            skip_space();
            if (rest_.empty() || rest_.front() == ',') {
                return true;
            }
            if (rest_.front() != ';') {
                return false;
            }
            rest_.remove_prefix(1);
        }
    }

    bool pair(std::optional<std::string>& named) {
        const auto name = token("");
        if (!rest_.starts_with('=')) {
            return false;
        }
        rest_.remove_prefix(1);
        std::string value;
        if (rest_.starts_with('"')) {
            if (!quoted(value)) {
                return false;
            }
        } else {
            value = token(":[]");
        }
        if (equal_ignoring_case(name, "for")) {
            if (named) {
                return false;
            }
            named = std::move(value);
        }
        return true;
    }

    std::string_view token(std::string_view also) noexcept {
        std::size_t n = 0;
        while (n != rest_.size() && (is_token_char(rest_[n]) || also.find(rest_[n]) != std::string_view::npos)) {
            ++n;
        }
        const auto found = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return found;
    }

    bool quoted(std::string& value) {
        for (rest_.remove_prefix(1); !rest_.empty(); rest_.remove_prefix(1)) {
            if (rest_.front() == '"') {
                rest_.remove_prefix(1);
                return true;
            }
            if (rest_.front() == '\\') {
                rest_.remove_prefix(1);
                if (rest_.empty()) {
                    return false;
                }
            }
            value += rest_.front();
        }
        return false;
    }

    void skip_space() noexcept {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
            rest_.remove_prefix(1);
        }
    }

    std::string_view rest_;
};

void read_forwarded(std::string_view field, hops& into) {
    hops found;
    if (forwarded_field(field).read(found)) {
        into.insert(into.end(), found.begin(), found.end());
    } else {
        into.emplace_back(std::nullopt);
    }
}

void read_forwarded_for(std::string_view field, hops& into) {
    for (;;) {
        const auto comma = field.find(',');
        into.push_back(parse_node(syntax::trimmed(field.substr(0, comma))));
        if (comma == std::string_view::npos) {
            return;
        }
        field.remove_prefix(comma + 1);
    }
}

// The first from the end that is not trusted; of what is all trusted the first of all. Nothing: no address at the end.
std::optional<node> named_by(const hops& all, const config::trusted_peers& trusted) {
    std::optional<node> found;
    for (auto hop = all.rbegin(); hop != all.rend() && *hop; ++hop) {
        found = *hop;
        if (!trusted.contains(found->address)) {
            break;
        }
    }
    return found;
}

bool is_trusted(std::string_view peer, const config::trusted_peers& trusted) {
    if (peer == "unix") {
        return trusted.unix_sockets;
    }
    const auto address = parse_node(peer);
    return address && trusted.contains(address->address);
}

} // namespace

std::string named_peer(std::string_view peer, const handlers::header_list& headers,
                       const config::trusted_peers& trusted) {
    if ((trusted.networks.empty() && !trusted.unix_sockets) || !is_trusted(peer, trusted)) {
        return std::string(peer);
    }
    hops forwarded;
    hops forwarded_for;
    headers.for_each([&](std::string_view name, std::string_view value) {
        if (equal_ignoring_case(name, "forwarded")) {
            read_forwarded(value, forwarded);
        } else if (equal_ignoring_case(name, "x-forwarded-for")) {
            read_forwarded_for(value, forwarded_for);
        }
    });
    const auto first = named_by(forwarded, trusted);
    const auto second = named_by(forwarded_for, trusted);
    if (!forwarded.empty() && !forwarded_for.empty()) {
        return first && second && first->address == second->address ? shown(*first) : std::string(peer);
    }
    const auto& named = forwarded.empty() ? second : first;
    return named ? shown(*named) : std::string(peer);
}

} // namespace muster::server
