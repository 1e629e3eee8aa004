// handlers/: GET /livez and /readyz, for orchestrators and load balancers.
#pragma once

#include "concurrency/task.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"

#include <string>

namespace muster::handlers {

/// One answer of health: `text` says in one line what is wrong ("loop 2 has been stuck for 12 s"); unused when `ok`.
struct verdict {
    bool ok = true;
    std::string text{};
};

/// How the process is. Asked on every loop and on the admin thread, so: safe from any thread, and it never blocks.
class health {
  public:
    virtual ~health() = default;

    /// Not ok when the process should be restarted: a loop is stuck.
    [[nodiscard]] virtual verdict live() const = 0;

    /// Not ok when no new requests should be sent here: it starts or drains. Never depends on upstreams.
    [[nodiscard]] virtual verdict ready() const = 0;
};

/// "ok\n" with 200, or the reason with 503.
[[nodiscard]] response to_response(const verdict& verdict);

/// The handlers. The health outlives them.
class livez {
  public:
    explicit livez(const health& health) noexcept : health_(health) {}

    concurrency::task<response> operator()(const request& request) const;

  private:
    const health& health_;
};

class readyz {
  public:
    explicit readyz(const health& health) noexcept : health_(health) {}

    concurrency::task<response> operator()(const request& request) const;

  private:
    const health& health_;
};

} // namespace muster::handlers
