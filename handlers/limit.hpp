// handlers/: the query parameter "limit", alike wherever a list is served.
#pragma once

#include "handlers/request.hpp"

#include <optional>
#include <string>

namespace muster::handlers {

/// `fallback` if there is none; nothing if it is not a decimal number (no sign, no space) from 1 to `greatest`.
[[nodiscard]] std::optional<int> limit_of(const request& request, int fallback, int greatest);

/// What the client is told then: "limit must be a number from 1 to 500".
[[nodiscard]] std::string bad_limit(int greatest);

} // namespace muster::handlers
