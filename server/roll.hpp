// server/: the roll that /debug/tasks shows: taken from every loop, then written.
#pragma once

#include "concurrency/registry.hpp"
#include "handlers/debug_tasks.hpp"
#include "server/connections.hpp"
#include "server/log_status.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace muster::server {

/// How long a loop may take to answer; then it is named instead.
inline constexpr std::chrono::milliseconds roll_patience{250};

class process_roll final : public handlers::roll {
  public:
    /// References outlive every task of this. `logs` is called on the loop of whoever asks.
    process_roll(concurrency::roll_call& call, const connection_gate& gate,
                 std::function<std::vector<log_status>()> logs)
        : call_(call),
          gate_(gate),
          logs_(std::move(logs)) {}

    [[nodiscard]] concurrency::task<std::string> text(int limit) const override;
    [[nodiscard]] concurrency::task<std::string> json(int limit) const override;

  private:
    [[nodiscard]] concurrency::task<concurrency::snapshot> take(int limit) const;

    concurrency::roll_call& call_;
    const connection_gate& gate_;
    std::function<std::vector<log_status>()> logs_;
};

} // namespace muster::server
