// tests/support/test_server: see sources.hpp.
#include "tests/support/test_server/sources.hpp"

#include "tests/support/test_server/chaos.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace muster::tests {

namespace {

class test_users final : public upstream::users_repository {
  public:
    test_users(std::unique_ptr<users_repository> real, behaviour how) : real_(std::move(real)), how_(std::move(how)) {}

    [[nodiscard]] concurrency::task<std::optional<upstream::user>> find(upstream::user_id id) const override {
        co_await how_.before("users");
        co_return co_await real_->find(id);
    }

  private:
    std::unique_ptr<users_repository> real_;
    behaviour how_;
};

class test_profiles final : public upstream::profiles_repository {
  public:
    test_profiles(std::unique_ptr<profiles_repository> real, behaviour how)
        : real_(std::move(real)),
          how_(std::move(how)) {}

    [[nodiscard]] concurrency::task<std::optional<upstream::profile>> find(upstream::user_id id) const override {
        co_await how_.before("profiles");
        co_return co_await real_->find(id);
    }

  private:
    std::unique_ptr<profiles_repository> real_;
    behaviour how_;
};

class test_posts final : public upstream::posts_repository {
  public:
    test_posts(std::unique_ptr<posts_repository> real, behaviour how) : real_(std::move(real)), how_(std::move(how)) {}

    [[nodiscard]] concurrency::task<std::vector<upstream::post>> latest(upstream::user_id author,
                                                                        int limit) const override {
        co_await how_.before("posts");
        co_return co_await real_->latest(author, limit);
    }

  private:
    std::unique_ptr<posts_repository> real_;
    behaviour how_;
};

template <class Test, class Interface>
void wrap(std::unique_ptr<Interface>& real, std::optional<behaviour> how, const char* name,
          const config::source& settings) {
    if (how) {
        how->employ(name, settings.policy.workers, settings.policy.queue);
        real = std::make_unique<Test>(std::move(real), std::move(*how));
    }
}

} // namespace

upstream::sources misbehave(upstream::sources real, behaviours how, const config::settings& settings) {
    wrap<test_users>(real.users, std::move(how.users), "users", settings.users);
    wrap<test_profiles>(real.profiles, std::move(how.profiles), "profiles", settings.profiles);
    wrap<test_posts>(real.posts, std::move(how.posts), "posts", settings.posts);
    if (how.chaos) {
        real.posts = std::make_unique<chaos_posts>(std::move(real.posts), how.leak_after);
    }
    return real;
}

} // namespace muster::tests
