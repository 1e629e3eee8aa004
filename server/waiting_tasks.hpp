// server/: what a request was waiting for when it was given up: the part of a 502, 503 or 504 that explains it.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/time.hpp"
#include "handlers/errors.hpp"

#include <optional>
#include <string>
#include <vector>

namespace muster::server {

struct waiting_task {
    handlers::explanation::child told; ///< for the client
    std::string name;                  ///< for the log: the source, or else the task
    std::string waits_for;             ///< "a worker"; empty: it was about to run
    std::string at;                    ///< "upstream/sqlite_source.cpp:88"
};

/// Looks at the tasks of a scope at the moment of its cancel, while everything still waits where the cancel found it:
/// at its own, and at one by which the failure of a part ends the other parts. The last one counts, which is the
/// outermost.
class waiting_tasks final : public concurrency::cancel_observer {
  public:
    waiting_tasks() = default;
    waiting_tasks(const waiting_tasks&) = delete;
    waiting_tasks& operator=(const waiting_tasks&) = delete;

    void on_cancelled(const concurrency::cancel_scope& scope) noexcept override;
    void on_sibling_failed(const concurrency::cancel_scope& scope) noexcept override;

    /// Those that wait for something other than their own children, oldest first; of several that work at one call of a
    /// source the first; not more than an explanation may have. Empty before a cancel.
    [[nodiscard]] const std::vector<waiting_task>& seen() const noexcept { return seen_; }

    /// Of that cancel; nothing before one.
    [[nodiscard]] std::optional<concurrency::cancel_cause> cause() const noexcept { return cause_; }

  private:
    void look_at(const concurrency::cancel_scope& scope, concurrency::cancel_cause cause) noexcept;

    std::vector<waiting_task> seen_;
    std::optional<concurrency::cancel_cause> cause_;
};

} // namespace muster::server
