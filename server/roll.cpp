// server/: see roll.hpp.
#include "server/roll.hpp"

#include "server/roll_json.hpp"
#include "server/roll_text.hpp"

#include <cstddef>

namespace muster::server {

namespace {

// Room for listeners, background tasks and the admin listener's connections.
constexpr std::size_t others = 1'000;

} // namespace

concurrency::task<concurrency::snapshot> process_roll::take(int limit) const {
    // Loops tell their oldest tasks first, and those are connections that idle: they must not crowd out the requests.
    const auto room = static_cast<std::size_t>(limit) + gate_.open() + others;
    co_return co_await call_.take(room, roll_patience);
}

concurrency::task<std::string> process_roll::text(int limit) const {
    const auto taken = co_await take(limit);
    co_return roll_text(taken, static_cast<std::size_t>(limit), logs_());
}

concurrency::task<std::string> process_roll::json(int limit) const {
    const auto taken = co_await take(limit);
    co_return roll_json(taken, static_cast<std::size_t>(limit), logs_());
}

} // namespace muster::server
