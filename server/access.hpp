// server/: who may see the debug routes. One pure function, since every line of it is a way in.
#pragma once

#include "handlers/header_list.hpp"
#include "handlers/router.hpp"
#include "server/door.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace muster::server {

/// A request for a debug route, as far as access depends on it. (On a public listener without --debug-on-public the
/// routes do not exist at all: make_routes() leaves them out.)
struct debug_caller {
    const door& through;
    bool http_1_0 = false;
    std::string_view path;      ///< of the target
    std::string_view authority; ///< of a target in absolute form: it overrides Host
    const handlers::header_list& headers;
};

/// Why the request is refused with 403, in a sentence for whoever sent it; nothing if it may pass.
/// - Public listener: whatever came through a proxy is not local, however it looks: Forwarded, X-Forwarded-*, Via, and
///   HTTP/1.0 (which old proxies speak without saying so).
/// - A listener that is bound to loopback: pages of other sites, by Sec-Fetch-Site, unless it is a top-level
///   navigation to the page itself; and names that were rebound to this machine, by Host.
[[nodiscard]] std::optional<std::string> debug_refusal(const debug_caller& caller);

/// Whether a request that debug_refusal() lets pass must bring the door's token too: for debug routes, and on an admin
/// listener for every path that is not there, so that nobody learns which are. Health is asked without.
/// The refusals come first: a page of another site shall not even make a browser ask for the token, nor try tokens.
[[nodiscard]] bool needs_token(const door& through, const handlers::resolution& resolved) noexcept;

/// "localhost", 127.0.0.0/8 or ::1, each with or without a port.
[[nodiscard]] bool names_loopback(std::string_view host);

} // namespace muster::server
