// server/: for whom a trusted proxy asks, as the log and limits name it.
#pragma once

#include "config/network.hpp"
#include "handlers/header_list.hpp"

#include <string>
#include <string_view>

namespace muster::server {

/// `peer` ("10.0.0.2:40112", "[::1]:4000" or "unix"), or, if it is trusted, whom the headers name: the last address in
/// `Forwarded` (RFC 7239) or `X-Forwarded-For` that is not itself trusted, read from the end. What is malformed, hidden
/// (`_name`) or `unknown` ends the search: the address before it counts. If both headers are there and disagree, a
/// client may have written one of them: then it is `peer`. An address that is named stands without a port, unless one
/// was given: "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711". Pure.
[[nodiscard]] std::string named_peer(std::string_view peer, const handlers::header_list& headers,
                                     const config::trusted_peers& trusted);

} // namespace muster::server
