// upstream/: what one loop knows of a host's addresses. Old knowledge serves while newer is asked for in the
// background, and for as long as none comes: only who needs a name that was never known waits for it.
#pragma once

#include "concurrency/condition.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "upstream/name_lookup.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace muster::upstream {

/// The loop's thread only. `ask` outlives it.
class address_book {
  public:
    /// The system tells no one for how long its answers are good.
    static constexpr std::chrono::seconds good_for{30};
    /// After a failure the same failure is told for so long.
    static constexpr std::chrono::seconds patience{1};

    /// `source` is the source's name, for the roll; `ask` starts a lookup unless one is under way, whose answer comes
    /// to learn(). Outlive this.
    address_book(std::string_view source, std::function<void()> ask) : source_(source), ask_(std::move(ask)) {}

    using addresses = std::shared_ptr<const looked_up>;

    /// At once if any are known; else when the lookup has answered. Its `addresses` may be empty: then its error says
    /// why. Waits within the caller's scope.
    [[nodiscard]] concurrency::task<addresses> get();

    /// The answer of a lookup; one that failed takes nothing away of what is known.
    void learn(concurrency::loop& home, addresses found);

  private:
    std::string_view source_;
    std::function<void()> ask_;
    concurrency::condition learnt_;
    addresses known_; // the last that holds an address; before there is one, the last
    concurrency::time_point learnt_at_{};
    concurrency::time_point asked_at_{};
};

} // namespace muster::upstream
