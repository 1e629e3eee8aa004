// server/: see watch.hpp.
#include "server/watch.hpp"

namespace muster::server {

namespace {

using concurrency::clock;
using concurrency::duration;
using concurrency::time_point;

duration::rep ticks(time_point t) noexcept {
    return t.time_since_epoch().count();
}

time_point moment(duration::rep ticks) noexcept {
    return time_point(duration(ticks));
}

} // namespace

watch::watch(const std::vector<concurrency::loop*>& loops) {
    for (auto* loop : loops) {
        loops_.push_back(std::make_unique<watched>(loop));
    }
}

concurrency::task<void> watch::run(concurrency::service_call& call) {
    while (!call.ending()) {
        probe(clock::now());
        co_await call.wait_for(every);
    }
}

void watch::probe(time_point now) {
    for (const auto& each : loops_) {
        if (each->asked.load() != 0) {
            continue;
        }
        if (each->ran.load() == 0) {
            each->ran.store(ticks(now)); // of a loop that was never asked nothing bad is known
        }
        each->asked.store(ticks(now));
        each->loop->post([w = each.get()] {
            w->ran.store(ticks(clock::now()));
            w->asked.store(0);
        });
    }
}

std::optional<watch::stuck> watch::longest_stuck(time_point now) const {
    std::optional<stuck> longest;
    for (const auto& each : loops_) {
        const auto asked = each->asked.load();
        // A probe that was posted just now says nothing, however long ago the last one ran: the asking thread may have
        // been held up itself.
        if (asked == 0 || now - moment(asked) < std::chrono::milliseconds(every) / 2) {
            continue;
        }
        const auto since = now - moment(each->ran.load());
        if (since >= too_long && (!longest || since > longest->since)) {
            longest = {.loop = each->loop->name(), .since = std::chrono::duration_cast<std::chrono::seconds>(since)};
        }
    }
    return longest;
}

} // namespace muster::server
