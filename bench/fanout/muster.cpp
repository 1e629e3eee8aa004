// bench/fanout: muster_bench, the contestant: muster itself, made from the same libraries, with one route more. Its
// command line is muster's; GET /bench/user/{id} makes exactly two fetches.
#include "bench/fanout/pair_document.hpp"
#include "concurrency/when_all.hpp"
#include "config/command_line.hpp"
#include "handlers/found.hpp"
#include "handlers/problem.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"
#include "handlers/router.hpp"
#include "server/application.hpp"
#include "upstream/sources.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace muster::bench {

namespace {

/// handlers/user_page.cpp without its posts.
class user_and_profile {
  public:
    user_and_profile(const upstream::users_repository& users, const upstream::profiles_repository& profiles) noexcept
        : users_(users),
          profiles_(profiles) {}

    concurrency::task<handlers::response> operator()(const handlers::request& request) const {
        const auto id = request.path<upstream::user_id>("id");
        if (!id) {
            co_return handlers::bad_request(request, handlers::bad_user_id);
        }
        const auto [user, profile] =
            co_await concurrency::when_all(handlers::found(users_.find(*id)), handlers::found(profiles_.find(*id)));
        std::string body;
        append_json(body, pair_document{user, profile});
        body += '\n';
        co_return handlers::answer(200, handlers::content_types::json, std::move(body), "private");
    }

  private:
    const upstream::users_repository& users_;
    const upstream::profiles_repository& profiles_;
};

int serve(const config::settings& settings) {
    const upstream::users_repository* users = nullptr;
    const upstream::profiles_repository* profiles = nullptr;
    return server::serve(
        settings,
        {.sources =
             [&](upstream::sources made) {
                 users = made.users.get(); // where it is does not change any more
                 profiles = made.profiles.get();
                 return made;
             },
         .routes =
             [&](handlers::router& router) {
                 router.get("/bench/user/{id}", user_and_profile(*users, *profiles)).timeout(settings.timeout);
             }});
}

} // namespace

} // namespace muster::bench

int main(int argc, char** argv) {
    namespace config = muster::config;
    try {
        const auto asked = config::parse(argc, argv, config::process_environment());
        if (!asked) {
            std::fprintf(stderr, "%s\n", asked.error().message.c_str());
            return 2;
        }
        return muster::bench::serve(asked->settings);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "muster_bench: %s\n", error.what());
        return 1;
    }
}
