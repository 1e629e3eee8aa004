// server/: what /livez and /readyz answer.
#pragma once

#include "handlers/health.hpp"
#include "server/watch.hpp"

#include <atomic>

namespace muster::server {

/// Live while no loop is stuck; ready from set_started() until the drain begins.
class process_health final : public handlers::health {
  public:
    /// References outlive this.
    process_health(const watch& loops, const std::atomic<bool>& draining) noexcept
        : loops_(loops),
          draining_(draining) {}

    void set_started() noexcept { started_.store(true); }

    [[nodiscard]] handlers::verdict live() const override;
    [[nodiscard]] handlers::verdict ready() const override;

  private:
    const watch& loops_;
    const std::atomic<bool>& draining_;
    std::atomic<bool> started_{false};
};

} // namespace muster::server
