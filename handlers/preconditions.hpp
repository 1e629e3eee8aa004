// handlers/: conditional requests (RFC 9110, section 13), of a server whose representations have neither an entity tag
// nor a date of last modification.
#pragma once

#include "handlers/request.hpp"
#include "handlers/response.hpp"

namespace muster::handlers {

/// What becomes of `made`, the answer to `request` without its conditions: 412 if it asks for a tag that is not there
/// (any tag: If-Match), 304 if it wants nothing that exists (If-None-Match: *), else itself. Only of GET and HEAD, and
/// only of a success; conditions on dates are ignored, as the RFC says where there is no date.
[[nodiscard]] response conditional(response made, const request& request);

} // namespace muster::handlers
