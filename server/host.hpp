// server/: who is asked: the value of Host, and the authority of a target in absolute form.
#pragma once

#include <string_view>

namespace muster::server {

/// Whether `host` is a host with an optional port: a registered name (percent-encoded as it should be), an IPv4
/// address, or a literal in brackets, IPv6 or of a future version (RFC 3986, section 3.2.2); a port is empty or at most
/// 65535. Not empty, though the grammar of names would let it be: there is no http without a host (RFC 9110,
/// section 4.2.1).
[[nodiscard]] bool valid_host(std::string_view host) noexcept;

} // namespace muster::server
