// server/: the one place where a failure becomes a status.
#pragma once

#include "handlers/problem.hpp"
#include "server/waiting_tasks.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::server {

struct mapped_error {
    std::optional<handlers::problem> problem; ///< nothing: nobody waits for an answer any more
    std::string log;                          ///< everything that is known, for the log only
    bool internal = false;                    ///< a fault of this program: to be logged as an error
    std::string_view cause{}; ///< one word for the access log, static text; empty: an outcome like any other
};

/// not_found 404; source_failed 502; source_overloaded, a full queue of workers or permits, every worker abandoned, and
/// shutdown (or a cancel that the program asked for) 503 with Retry-After; deadline_exceeded 504 with budget, cause and
/// `waiting`; client_gone nothing; all else 500, whose detail says nothing.
[[nodiscard]] mapped_error map_error(const std::exception_ptr& error, const std::vector<waiting_task>& waiting);

} // namespace muster::server
