// handlers/: GET /user/{id}, one document from three sources.
#pragma once

#include "concurrency/task.hpp"
#include "handlers/repositories.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"

namespace muster::handlers {

/// 200 with views::user_document; 400 for an id that is none; upstream::not_found for an unknown user; a source's error
/// climbs as it is. Without a profile it is null, without posts the list is empty.
class user_page {
  public:
    explicit user_page(const repositories& sources) noexcept
        : users_(sources.users),
          profiles_(sources.profiles),
          posts_(sources.posts) {}

    concurrency::task<response> operator()(const request& request) const;

  private:
    const upstream::users_repository& users_;
    const upstream::profiles_repository& profiles_;
    const upstream::posts_repository& posts_;
};

} // namespace muster::handlers
