// config/: the settings that depend on others.
#include "config/settings.hpp"

#include <algorithm>

namespace muster::config {

std::size_t idle_connections(const source_policy& policy) {
    constexpr std::size_t usual = 64;
    return policy.idle.value_or(std::min(usual, policy.connections));
}

std::chrono::milliseconds timeout_of(const settings& all, std::string_view pattern) {
    const auto named = std::ranges::find(all.routes, pattern, &route_limit::pattern);
    return named == all.routes.end() ? all.timeout : named->timeout;
}

std::chrono::milliseconds drain_time(const settings& all) {
    if (all.drain)
        return *all.drain;
    auto longest = all.timeout;
    for (const auto& route : all.routes)
        longest = std::max(longest, route.timeout);
    return longest + std::chrono::seconds{1};
}

} // namespace muster::config
