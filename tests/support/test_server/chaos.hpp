// tests/support/test_server: posts for the soak. The id of the user who is asked for decides what happens, so that the
// client, which chose it by its seed, knows which answers are right (tests/soak/plans.py has the same table).
#pragma once

#include "concurrency/worker_pool.hpp"
#include "upstream/repositories.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace muster::tests {

/// Before the real posts are asked:
///
///     101..120  wait (id - 100) ms on a timer
///     121..135  hang on a timer until they are cancelled
///     136..145  hang on one of 16 workers, or in their queue, until they are cancelled
///     146..150  occupy one of 4 workers for 1 s, whatever happens: after a cancel they are abandoned
///     151..165  take 50 ms of the only worker; of its queue there are two places: others are refused
///     166..175  fail as a source fails
///
/// and nothing for all others.
class chaos_posts final : public upstream::posts_repository {
  public:
    /// After `leak_after` questions one task is planted that belongs to no request and never ends: "planted leak".
    explicit chaos_posts(std::unique_ptr<posts_repository> real, std::optional<std::uint64_t> leak_after);

    [[nodiscard]] concurrency::task<std::vector<upstream::post>> latest(upstream::user_id author,
                                                                        int limit) const override;

  private:
    [[nodiscard]] concurrency::task<void> before(int id) const;

    std::unique_ptr<posts_repository> real_;
    std::optional<std::uint64_t> leak_after_;
    mutable std::atomic<std::uint64_t> asked_{0};
    mutable concurrency::worker_pool hanging_{"posts that hang", 16, 512};
    mutable concurrency::worker_pool stuck_{"posts that are stuck", 4, 64};
    mutable concurrency::worker_pool crowded_{"posts that are crowded", 1, 2};
};

} // namespace muster::tests
