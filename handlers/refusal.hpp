// handlers/: what is answered when the router has no handler to run.
#pragma once

#include "handlers/response.hpp"
#include "handlers/router.hpp"

#include <string_view>

namespace muster::handlers {

/// 400, 404, 405 with Allow, or (OPTIONS of a path that exists) 204 with Allow. Throws std::logic_error for a match.
[[nodiscard]] response refusal(const resolution& resolved, std::string_view request_id);

/// 204 with that Allow; also for "OPTIONS *".
[[nodiscard]] response options_answer(std::string_view allow);

} // namespace muster::handlers
