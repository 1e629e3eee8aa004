// concurrency/: the roll of operations that went on after their awaiter had to leave. Only operations that own all they
// touch are ever here, never coroutines; each is named until it ends.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/time.hpp"

#include <cstdint>
#include <list>
#include <source_location>
#include <string>

namespace muster::concurrency {

struct abandoned_operation {
    std::uint64_t id = 0;      ///< numbered together with the tasks
    std::uint64_t task = 0;    ///< the task that awaited it
    std::uint64_t root = 0;    ///< the request it worked for
    std::string ref;           ///< of that request, as in task_label
    std::string what;          ///< "a worker"
    std::string resource;      ///< whose: the pool's name
    std::source_location site; ///< where it was awaited
    time_point started_at;
    time_point abandoned_at;
    cancel_cause cause = cancel_cause::requested;
};

/// One a loop; its thread only.
class abandoned_list {
  public:
    using handle = std::list<abandoned_operation>::iterator;

    handle add(abandoned_operation operation) { return operations_.insert(operations_.end(), std::move(operation)); }

    void remove(handle operation) noexcept { operations_.erase(operation); }

    [[nodiscard]] bool empty() const noexcept { return operations_.empty(); }

    [[nodiscard]] const std::list<abandoned_operation>& operations() const noexcept { return operations_; }

  private:
    std::list<abandoned_operation> operations_;
};

} // namespace muster::concurrency
