// handlers/: GET /api/users/{id} and what hangs under it.
#include "handlers/users_api.hpp"

#include "concurrency/when_all.hpp"
#include "handlers/found.hpp"
#include "handlers/json.hpp"
#include "handlers/limit.hpp"
#include "handlers/problem.hpp"

namespace muster::handlers {
namespace {

constexpr int default_posts = 20;
constexpr int most_posts = 500;

} // namespace

concurrency::task<response> users_api::user(const request& request) const {
    const auto id = request.path<upstream::user_id>("id");
    if (!id)
        co_return bad_request(request, bad_user_id);
    co_return json(co_await found(users_.find(*id)));
}

concurrency::task<response> users_api::profile(const request& request) const {
    const auto id = request.path<upstream::user_id>("id");
    if (!id)
        co_return bad_request(request, bad_user_id);
    co_return json(co_await found(profiles_.find(*id)));
}

concurrency::task<response> users_api::posts(const request& request) const {
    const auto id = request.path<upstream::user_id>("id");
    if (!id)
        co_return bad_request(request, bad_user_id);
    const auto limit = limit_of(request, default_posts, most_posts);
    if (!limit)
        co_return bad_request(request, bad_limit(most_posts));

    // The user is asked too: no posts and no user are told apart, and the latter cancels the search for posts.
    const auto [user, posts] = co_await concurrency::when_all(found(users_.find(*id)), posts_.latest(*id, *limit));
    co_return json(posts);
}

} // namespace muster::handlers
