// server/: whether every loop still turns. The admin thread posts each a probe once a second; a loop that has not run
// one for too long is stuck, and /livez says which.
#pragma once

#include "concurrency/background.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "concurrency/time.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::server {

class watch {
  public:
    static constexpr std::chrono::seconds every{1};
    static constexpr std::chrono::seconds too_long{10};

    /// The loops outlive this; this outlives the probes that it posted (the loops have ended before).
    explicit watch(const std::vector<concurrency::loop*>& loops);

    /// The service that probes; on any loop that is not watched.
    [[nodiscard]] concurrency::task<void> run(concurrency::service_call& call);

    /// Posts to each loop that has run the last one. Called by run().
    void probe(concurrency::time_point now);

    struct stuck {
        std::string loop;
        std::chrono::seconds since{};
    };

    /// The loop that is stuck longest, if one is. Safe from every thread.
    [[nodiscard]] std::optional<stuck> longest_stuck(concurrency::time_point now) const;

  private:
    struct watched {
        concurrency::loop* loop;
        std::atomic<concurrency::duration::rep> asked{0}; ///< when the probe that is under way was posted; 0: none is
        std::atomic<concurrency::duration::rep> ran{0};   ///< when the last one ran
    };

    std::vector<std::unique_ptr<watched>> loops_;
};

} // namespace muster::server
