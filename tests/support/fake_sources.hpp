// tests/support: the three sources as a test wants them: at once, late, failing, or hung until somebody cancels. Time
// is the loop's own, so a hung source costs nothing under virtual time.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/task.hpp"
#include "concurrency/time.hpp"
#include "handlers/repositories.hpp"
#include "upstream/models.hpp"
#include "upstream/repositories.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace muster::tests {

/// How one source behaves and what became of it. Used on one loop's thread; outlives every task it hands out.
template <class T>
class fake_source {
  public:
    /// From now on: this value, at once or after a while.
    void returns(T value, concurrency::duration after = {}) {
        value_ = std::move(value);
        error_ = nullptr;
        after_ = after;
        hangs_ = false;
    }

    /// From now on: this exception, after a while (zero: without suspending).
    template <class Error>
    void fails_after(concurrency::duration after, Error error) {
        error_ = std::make_exception_ptr(std::move(error));
        after_ = after;
        hangs_ = false;
    }

    /// From now on: ends only by cancellation.
    void hangs() { hangs_ = true; }

    /// The cause that the last cancelled call heard of; nothing if none was cancelled.
    [[nodiscard]] std::optional<concurrency::cancel_cause> cancelled_by() const { return cancelled_by_; }

    /// Calls that began, and calls that have not ended.
    [[nodiscard]] int calls() const { return calls_; }

    [[nodiscard]] int live() const { return live_; }

    /// With whom the last call was made.
    [[nodiscard]] std::optional<upstream::user_id> asked_for() const { return asked_for_; }

  protected:
    fake_source() = default;
    ~fake_source() = default;

    concurrency::task<T> answer(upstream::user_id id) const {
        struct leaving {
            int& live;

            ~leaving() { --live; }
        };

        ++calls_;
        asked_for_ = id;
        const leaving on_exit{++live_};
        try {
            if (hangs_) {
                co_await concurrency::sleep_for(std::chrono::hours{24 * 365});
                throw std::logic_error("a hung source was never cancelled");
            }
            if (after_ > after_.zero())
                co_await concurrency::sleep_for(after_);
        } catch (const concurrency::cancelled& end) {
            cancelled_by_ = end.cause();
            throw;
        }
        if (error_)
            std::rethrow_exception(error_);
        co_return value_;
    }

  private:
    T value_{};
    std::exception_ptr error_;
    concurrency::duration after_{};
    bool hangs_ = false;
    mutable std::optional<concurrency::cancel_cause> cancelled_by_;
    mutable std::optional<upstream::user_id> asked_for_;
    mutable int calls_ = 0;
    mutable int live_ = 0;
};

/// Without further words: no such user.
class fake_users final : public upstream::users_repository, public fake_source<std::optional<upstream::user>> {
  public:
    [[nodiscard]] concurrency::task<std::optional<upstream::user>> find(upstream::user_id id) const override {
        return answer(id);
    }
};

/// Without further words: no profile.
class fake_profiles final : public upstream::profiles_repository, public fake_source<std::optional<upstream::profile>> {
  public:
    [[nodiscard]] concurrency::task<std::optional<upstream::profile>> find(upstream::user_id id) const override {
        return answer(id);
    }
};

/// Without further words: no posts. The limit is recorded, not applied.
class fake_posts final : public upstream::posts_repository, public fake_source<std::vector<upstream::post>> {
  public:
    [[nodiscard]] concurrency::task<std::vector<upstream::post>> latest(upstream::user_id author,
                                                                        int limit) const override {
        limit_ = limit;
        return answer(author);
    }

    [[nodiscard]] std::optional<int> limit() const { return limit_; }

  private:
    mutable std::optional<int> limit_;
};

/// All three.
struct fake_sources {
    fake_users users;
    fake_profiles profiles;
    fake_posts posts;

    [[nodiscard]] handlers::repositories all() const { return {users, profiles, posts}; }

    /// Calls of all three that have not ended.
    [[nodiscard]] int live() const { return users.live() + profiles.live() + posts.live(); }
};

} // namespace muster::tests
