// upstream/: see sources.hpp.
#include "upstream/sources.hpp"

#include "upstream/sqlite_source.hpp"

namespace muster::upstream {

sources make_sources(const source_settings& users, const source_settings& profiles, const source_settings& posts) {
    return {.users = std::make_unique<sqlite_users>(users),
            .profiles = std::make_unique<sqlite_profiles>(profiles),
            .posts = std::make_unique<sqlite_posts>(posts)};
}

} // namespace muster::upstream
