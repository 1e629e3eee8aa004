// handlers/: the single resources under /api/users, each from its source alone, so that one muster can be another's
// upstream.
#pragma once

#include "concurrency/task.hpp"
#include "handlers/repositories.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"

namespace muster::handlers {

/// All three: 400 for an id that is none, upstream::not_found (404) for an unknown user; a source's error climbs as it
/// is.
class users_api {
  public:
    explicit users_api(const repositories& sources) noexcept
        : users_(sources.users),
          profiles_(sources.profiles),
          posts_(sources.posts) {}

    /// GET /api/users/{id}
    concurrency::task<response> user(const request& request) const;

    /// GET /api/users/{id}/profile; 404 also for a user who has none.
    concurrency::task<response> profile(const request& request) const;

    /// GET /api/users/{id}/posts?limit=: the newest 1 .. 500, default 20; an empty list for a user without posts.
    concurrency::task<response> posts(const request& request) const;

  private:
    const upstream::users_repository& users_;
    const upstream::profiles_repository& profiles_;
    const upstream::posts_repository& posts_;
};

} // namespace muster::handlers
