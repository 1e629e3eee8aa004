// upstream/: the interfaces a handler knows; behind each stands SQLite (or a later source), in a test a fake.
#pragma once

#include "concurrency/task.hpp"
#include "upstream/models.hpp"

#include <optional>
#include <vector>

namespace muster::upstream {

/// The contract of all three: safe to call from every loop at once; the repository outlives every task it hands out;
/// the wait is bounded by the caller's scope and hears its cancellation (at most concurrency's abandon_after later);
/// an absent row is a value, any failure of the source an exception of upstream/errors.hpp; arguments are copied
/// into the task.
class users_repository {
  public:
    virtual ~users_repository() = default;

    /// The user, or nothing if there is none of that id.
    [[nodiscard]] virtual concurrency::task<std::optional<user>> find(user_id id) const = 0;
};

/// See users_repository for the contract.
class profiles_repository {
  public:
    virtual ~profiles_repository() = default;

    /// The user's profile, or nothing if the user has none (or there is no such user).
    [[nodiscard]] virtual concurrency::task<std::optional<profile>> find(user_id id) const = 0;
};

/// See users_repository for the contract.
class posts_repository {
  public:
    virtual ~posts_repository() = default;

    /// At most `limit` posts of the user, newest first (equal times: higher id first); empty if there is none.
    [[nodiscard]] virtual concurrency::task<std::vector<post>> latest(user_id author, int limit) const = 0;
};

} // namespace muster::upstream
