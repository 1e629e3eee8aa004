// handlers/: GET /debug/tasks, the roll of every live task, for people and for programs.
#pragma once

#include "concurrency/task.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"

#include <string>

namespace muster::handlers {

/// A roll is written in one go by the loop that is asked: it must not stall that loop for long.
inline constexpr int greatest_roll_limit = 10'000;

/// Calls the roll. Safe to ask from every loop and from the admin thread; outlives every task it hands out. Each names
/// at most `limit` tasks and says what was left out.
class roll {
  public:
    virtual ~roll() = default;

    [[nodiscard]] virtual concurrency::task<std::string> text(int limit) const = 0;
    [[nodiscard]] virtual concurrency::task<std::string> json(int limit) const = 0;
};

/// ?format=text|json, else by Accept; ?limit= 1 .. greatest_roll_limit, default 1000. Anything else in them is a 400.
class debug_tasks {
  public:
    explicit debug_tasks(const roll& roll) noexcept : roll_(roll) {}

    concurrency::task<response> operator()(const request& request) const;

  private:
    const roll& roll_;
};

} // namespace muster::handlers
