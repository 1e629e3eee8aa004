// handlers/: every route of muster, on one screen (routes.cpp).
#pragma once

#include "handlers/debug_tasks.hpp"
#include "handlers/health.hpp"
#include "handlers/repositories.hpp"
#include "handlers/router.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace muster::handlers {

/// What the configuration says of routes.
struct route_settings {
    std::chrono::milliseconds timeout{5'000}; ///< of every route not named below; positive
    std::map<std::string, std::chrono::milliseconds, std::less<>> timeouts{}; ///< by pattern, "/user/{id}"; positive
    bool debug = false; ///< debug routes on the public listener too
};

/// A time limit names a pattern that no route has.
class unknown_route : public std::invalid_argument {
  public:
    explicit unknown_route(std::string pattern)
        : std::invalid_argument("no route has the pattern \"" + pattern + "\""),
          pattern_(std::move(pattern)) {}

    [[nodiscard]] const std::string& pattern() const noexcept { return pattern_; }

  private:
    std::string pattern_;
};

/// The public listener's routes; every one has its time limit. What is passed outlives the router. Throws unknown_route
/// (debug routes count as known even when they are left out) and std::logic_error for a limit that is not positive.
[[nodiscard]] router make_routes(const repositories& sources, const health& health, const roll& roll,
                                 const route_settings& settings);

/// The admin listener's: health and debug. Limits of routes that are the public listener's only are passed over, since
/// make_routes() checks them all.
[[nodiscard]] router make_admin_routes(const health& health, const roll& roll, const route_settings& settings);

} // namespace muster::handlers
