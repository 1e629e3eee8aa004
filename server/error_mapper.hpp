// server/: the one place where a failure becomes a status, and what a client is told of it.
#pragma once

#include "concurrency/time.hpp"
#include "handlers/problem.hpp"
#include "server/waiting_tasks.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace muster::server {

struct mapped_error {
    std::optional<handlers::problem> problem; ///< nothing: nobody waits for an answer any more
    std::string log;                          ///< everything that is known, for the log only
    bool internal = false;                    ///< a fault of this program: to be logged as an error
    bool notable = false;                     ///< a source failed or was too slow: to be logged where an operator looks
    std::string_view cause{}; ///< one word for the access log, static text; empty: an outcome like any other
};

/// Of a request that failed.
struct given_up {
    concurrency::duration budget{};  ///< that it had, from the arrival of its head
    concurrency::duration elapsed{}; ///< since then
    concurrency::duration worked{};  ///< of that, since its work began
    handlers::explain explain = handlers::explain::full;
};

/// not_found 404; source_failed 502; source_overloaded, a full queue of workers or permits, every worker abandoned, and
/// shutdown (or a cancel that the program asked for) 503 with Retry-After (1 s to 60 s); deadline_exceeded and
/// source_timed_out 504; client_gone nothing; all else 500, whose detail says nothing. A 502, 503 or 504 is explained:
/// cause, budget, time, the source that failed, and `waiting`.
[[nodiscard]] mapped_error map_error(const std::exception_ptr& error, const waiting_tasks& waiting,
                                     const given_up& request);

/// Of a request whose caller's budget was over before its work began: 504, budget_too_small.
[[nodiscard]] mapped_error spent_before_its_work(const given_up& request);

} // namespace muster::server
