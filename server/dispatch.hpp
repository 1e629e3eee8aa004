// server/: from a parsed request to its answer: an id, the route, access, the request's own task and its deadline, and
// the mapping of whatever goes wrong. Knows no bytes.
#pragma once

#include "concurrency/task.hpp"
#include "concurrency/time.hpp"
#include "handlers/caller_budget.hpp"
#include "handlers/errors.hpp"
#include "handlers/request.hpp"
#include "handlers/response.hpp"
#include "handlers/router.hpp"
#include "server/answer_weight.hpp"
#include "server/client.hpp"
#include "server/client_memory.hpp"
#include "server/door.hpp"
#include "server/request_ids.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace spdlog {
class logger;
}

namespace muster::server {

struct mapped_error;

struct dispatched {
    std::string request_id;
    std::optional<handlers::response> answer;          ///< nothing: nobody waits for it any more; close
    std::string_view route{};                          ///< its pattern, as long as the router lives; empty: none
    std::string_view cause{};                          ///< static text: what ended it early; empty: nothing did
    std::optional<std::chrono::milliseconds> budget{}; ///< the caller's, if it was smaller than the route's
    handlers::deadline_header_set ignored{};           ///< of the caller's: no times
};

/// One a loop and listener; outlives the connections of it.
class dispatcher {
  public:
    /// References outlive this. Every route has a timeout (make_routes() sees to it).
    dispatcher(const handlers::router& router, door through, request_ids& ids, spdlog::logger& log,
               handlers::explain explain = handlers::explain::full);
    dispatcher(const dispatcher&) = delete;
    dispatcher& operator=(const dispatcher&) = delete;

    /// Never throws but for want of memory or a cancel that came before it began: every failure is an answer. The
    /// request runs as a child task of the caller's. Its work ends with `asker` if the route says so; that outlives the
    /// task.
    /// It has the route's limit from its turn, which is now, or its caller's from when its head had come, whichever
    /// ends first: one that has waited so long for its turn is answered 504, and its work does not begin. Its memory is
    /// `room`'s until the answer is sent: without enough of it the answer is 503.
    [[nodiscard]] concurrency::task<dispatched> answer(handlers::request_head head, bool http_1_0,
                                                       concurrency::time_point came, client& asker,
                                                       client_memory::share& room) const;

    /// The answer to a message that was refused before it was a request, under the client's id if that is valid.
    [[nodiscard]] dispatched refuse(const handlers::request_head& head, int status, std::string detail) const;

    [[nodiscard]] const door& through() const noexcept { return door_; }

    [[nodiscard]] spdlog::logger& log() const noexcept { return log_; }

  private:
    [[nodiscard]] std::optional<handlers::response> refusal_of(const handlers::request_head& head, bool http_1_0,
                                                               handlers::resolution& resolved) const;
    [[nodiscard]] concurrency::task<void> run(handlers::request_head head, handlers::resolution resolved,
                                              concurrency::time_point came, client& asker, client_memory::share& room,
                                              dispatched& result) const;

    void fail(const handlers::request& request, const mapped_error& mapped, dispatched& result) const;

    const handlers::router& router_;
    door door_;
    request_ids& ids_;
    spdlog::logger& log_;
    handlers::explain explain_;

    struct route_facts {
        std::array<std::string, 2> names; ///< what its requests are called in the roll: with its method, with HEAD
        mutable answer_weight weight{};   ///< learnt from each answer
    };

    std::unordered_map<const handlers::route*, route_facts> routes_;
};

} // namespace muster::server
