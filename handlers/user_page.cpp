// handlers/: GET /user/{id}.
#include "handlers/user_page.hpp"

#include "concurrency/when_all.hpp"
#include "handlers/found.hpp"
#include "handlers/json.hpp"
#include "handlers/problem.hpp"

namespace muster::handlers {
namespace {

constexpr int posts_on_the_page = 20;

} // namespace

concurrency::task<response> user_page::operator()(const request& request) const {
    const auto id = request.path<upstream::user_id>("id");
    if (!id)
        co_return bad_request(request, bad_user_id);

    // One failed fetch (or an absent user) cancels the other two; none outlives this statement.
    const auto [user, profile, posts] = co_await concurrency::when_all(found(users_.find(*id)), profiles_.find(*id),
                                                                       posts_.latest(*id, posts_on_the_page));

    co_return json(views::user_document{user, profile, posts});
}

} // namespace muster::handlers
