// tests of handlers/: health and roll as a test wants them.
#pragma once

#include "handlers/debug_tasks.hpp"
#include "handlers/health.hpp"

#include <string>

namespace muster::tests {

struct fake_health final : handlers::health {
    handlers::verdict alive{};
    handlers::verdict able{};

    [[nodiscard]] handlers::verdict live() const override { return alive; }

    [[nodiscard]] handlers::verdict ready() const override { return able; }
};

struct fake_roll final : handlers::roll {
    [[nodiscard]] concurrency::task<std::string> text(int limit) const override {
        co_return "at most " + std::to_string(limit);
    }

    [[nodiscard]] concurrency::task<std::string> json(int limit) const override {
        co_return "{\"limit\":" + std::to_string(limit) + "}";
    }
};

} // namespace muster::tests
