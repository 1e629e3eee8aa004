// handlers/: what a client would rather read. As much of content negotiation (RFC 9110, section 12.5.1) as the roll
// needs; preferences among several types by weight come with the HTML page.
#pragma once

#include "handlers/request.hpp"

namespace muster::handlers {

/// Whether some Accept names application/json with a weight that is not 0 and none names a text type: programs ask so.
/// curl (*/*) and browsers (text/html first) get text.
[[nodiscard]] bool wants_json(const request& request) noexcept;

} // namespace muster::handlers
