// tests/support/test_server: the real sources behind a behaviour each.
#pragma once

#include "config/settings.hpp"
#include "tests/support/test_server/behaviour.hpp"
#include "upstream/sources.hpp"

#include <cstdint>
#include <optional>

namespace muster::tests {

/// None: that source is as it is.
struct behaviours {
    std::optional<behaviour> users;
    std::optional<behaviour> profiles;
    std::optional<behaviour> posts;
    bool chaos = false;                      ///< posts as of chaos_posts; not together with `posts`
    std::optional<std::uint64_t> leak_after; ///< of chaos: questions until a leak is planted
};

/// Workers are as many as the settings give each source.
[[nodiscard]] upstream::sources misbehave(upstream::sources real, behaviours how, const config::settings& settings);

} // namespace muster::tests
