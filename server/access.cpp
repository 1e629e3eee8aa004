// server/: see access.hpp.
#include "server/access.hpp"

#include "syntax/ascii.hpp"

#include <boost/asio/ip/address.hpp>

namespace muster::server {

namespace {

using syntax::equal_ignoring_case;

constexpr std::string_view page = "/debug/tasks";

bool shows_a_proxy(std::string_view name) noexcept {
    return equal_ignoring_case(name, "forwarded") || equal_ignoring_case(name, "via") ||
           equal_ignoring_case(name.substr(0, 12), "x-forwarded-");
}

// Somebody follows a link or types the address: the other site does not see the answer.
bool navigates_to_the_page(const debug_caller& caller) noexcept {
    return caller.path == page && caller.headers.find("Sec-Fetch-Mode") == "navigate" &&
           caller.headers.find("Sec-Fetch-Dest") == "document";
}

} // namespace

bool names_loopback(std::string_view host) {
    if (host.starts_with('[')) {
        const auto close = host.find(']');
        if (close == std::string_view::npos) {
            return false;
        }
        host = host.substr(1, close - 1);
    } else {
        host = host.substr(0, host.find(':'));
        if (equal_ignoring_case(host, "localhost")) {
            return true;
        }
    }
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(std::string(host), error);
    return !error && address.is_loopback();
}

std::optional<std::string> debug_refusal(const debug_caller& caller) {
    if (caller.through.which == door::kind::public_) {
        if (caller.http_1_0) {
            return "debug routes are not served to HTTP/1.0, which proxies speak: ask the admin listener";
        }
        std::optional<std::string> proxied;
        caller.headers.for_each([&](std::string_view name, std::string_view /*value*/) {
            if (!proxied && shows_a_proxy(name)) {
                proxied = "debug routes are not served through a proxy (" + std::string(name) +
                          " is set): ask the admin listener";
            }
        });
        if (proxied) {
            return proxied;
        }
    }
    if (!caller.through.loopback) {
        return std::nullopt;
    }
    bool foreign_site = false;
    caller.headers.for_each([&](std::string_view name, std::string_view value) {
        foreign_site =
            foreign_site || (equal_ignoring_case(name, "sec-fetch-site") && value != "same-origin" && value != "none");
    });
    if (foreign_site && !navigates_to_the_page(caller)) {
        return "debug routes are not served to pages of other sites";
    }
    const auto host = caller.authority.empty() ? caller.headers.find("Host") : std::optional(caller.authority);
    if (host && !names_loopback(*host)) {
        return "debug routes are served here under a loopback name only, such as localhost";
    }
    return std::nullopt;
}

bool needs_token(const door& through, const handlers::resolution& resolved) noexcept {
    if (through.token == nullptr) {
        return false;
    }
    return resolved.access == handlers::route_access::debug ||
           (through.which == door::kind::admin && (resolved.kind == handlers::resolution::outcome::not_found ||
                                                   resolved.kind == handlers::resolution::outcome::bad_target));
}

} // namespace muster::server
