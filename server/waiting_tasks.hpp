// server/: what a request was waiting for when its time ran out: the part of a 504 that explains it.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/time.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace muster::server {

struct waiting_task {
    std::string name;  ///< whose answer is missing: "posts"; else the function
    std::string state; ///< "waiting for a worker"
    std::chrono::milliseconds elapsed{};
    std::string at; ///< "upstream/sqlite_source.cpp:88"
};

/// Looks at the tasks of a scope at the moment of its cancel, while everything still waits where the cancel found it.
class waiting_tasks final : public concurrency::cancel_observer {
  public:
    waiting_tasks() = default;
    waiting_tasks(const waiting_tasks&) = delete;
    waiting_tasks& operator=(const waiting_tasks&) = delete;

    void on_cancelled(const concurrency::cancel_scope& scope) noexcept override;

    /// Those that wait for something other than their own children, oldest first. Empty before a cancel.
    [[nodiscard]] const std::vector<waiting_task>& seen() const noexcept { return seen_; }

  private:
    std::vector<waiting_task> seen_;
};

} // namespace muster::server
