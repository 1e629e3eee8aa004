// server/: the roll that /debug/tasks shows: taken from every loop, then written.
#pragma once

#include "concurrency/registry.hpp"
#include "handlers/debug_tasks.hpp"
#include "server/connections.hpp"

#include <chrono>
#include <string>

namespace muster::server {

/// How long a loop may take to answer; then it is named instead.
inline constexpr std::chrono::milliseconds roll_patience{250};

class process_roll final : public handlers::roll {
  public:
    /// References outlive every task of this.
    process_roll(concurrency::roll_call& call, const connection_gate& gate) noexcept : call_(call), gate_(gate) {}

    [[nodiscard]] concurrency::task<std::string> text(int limit) const override;
    [[nodiscard]] concurrency::task<std::string> json(int limit) const override;

  private:
    [[nodiscard]] concurrency::task<concurrency::snapshot> take(int limit) const;

    concurrency::roll_call& call_;
    const connection_gate& gate_;
};

} // namespace muster::server
