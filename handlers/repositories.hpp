// handlers/: the sources that handlers ask, together.
#pragma once

#include "upstream/repositories.hpp"

namespace muster::handlers {

/// References: what stands behind them lives as long as the routes that use them.
struct repositories {
    const upstream::users_repository& users;
    const upstream::profiles_repository& profiles;
    const upstream::posts_repository& posts;
};

} // namespace muster::handlers
