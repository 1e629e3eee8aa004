// server/: see shutdown.hpp.
#include "server/shutdown.hpp"

#include "concurrency/deadline.hpp"
#include "server/remains.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace muster::server {

namespace {

using concurrency::task;
using concurrency::time_point;
using namespace std::chrono_literals;

constexpr auto look = 5ms;
// A client that knows nothing yet may be about to ask: its last question is answered.
constexpr auto last_question = 100ms;
// For answers that say so, and for shields. With it, and two calls of the roll, the process ends within a second.
constexpr auto after_cancel = 500ms;
constexpr auto patience = 100ms;
constexpr auto at_most_after_drain = 900ms;
constexpr std::size_t named = 100; // requests: enough to see what kind of thing it is

bool is_empty(const concurrency::snapshot& taken) {
    return std::ranges::all_of(taken.parts, [](const auto& part) {
        return part.told && part.told->live() == 0 && part.told->abandoned.empty();
    });
}

bool has_abandoned(const concurrency::snapshot& taken) {
    return !std::ranges::all_of(taken.parts,
                                [](const auto& part) { return part.told && part.told->abandoned.empty(); });
}

// Loops tell their oldest tasks first, and those are connections: they must not crowd out the requests.
auto take_all(const shutdown_parts& parts) {
    return parts.roll.take(parts.gate.open() + 100 * named, patience);
}

void name_all(const concurrency::snapshot& taken, remains which, spdlog::logger& log, std::string_view what) {
    for (const auto& line : lines_of_remains(taken, which, named)) {
        log.error("{}: {}", what, line);
    }
}

template <void (service::*What)()>
void tell(const shutdown_parts& parts) {
    for (auto* each : parts.services) {
        each->home().post([each] { (each->*What)(); });
    }
}

// Whoever was in a queue has a place before its listener is closed: so the listeners first.
bool has_ended(const shutdown_parts& parts) {
    return std::ranges::none_of(parts.services, &service::accepts) && parts.gate.open() + parts.refused.open() == 0;
}

// Until every connection has ended, and every operation that a request abandoned; at most until `end`.
task<void> finish(const shutdown_parts& parts, time_point end) {
    const auto now = parts.admin.now();
    const auto closing = std::min(now + (end - now) / 2, now + last_question);
    bool closed = false;
    while (parts.admin.now() < end) {
        if (has_ended(parts) && !has_abandoned(co_await parts.roll.take(1, patience))) {
            co_return;
        }
        if (!closed && parts.admin.now() >= closing) {
            tell<&service::close_idle>(parts);
            closed = true;
        }
        co_await concurrency::sleep_for(look);
    }
}

// Who is being answered by the admin listener gets the whole of it, if that is soon.
task<void> finish_admin(const shutdown_parts& parts) {
    if (parts.admin_service == nullptr) {
        co_return;
    }
    parts.admin_service->stop_accepting();
    parts.admin_service->close_idle();
    const auto end = concurrency::deadline_after(parts.admin.now(), patience);
    while ((parts.admin_service->accepts() || parts.admin_gate.open() != 0) && parts.admin.now() < end) {
        co_await concurrency::sleep_for(look);
    }
}

double seconds(std::chrono::milliseconds d) {
    return static_cast<double>(d.count()) / 1000;
}

// The last thing: until then there is something to log. A worker that hangs in a write is not waited for. `end`: of the
// grace period.
task<void> drain_background(const shutdown_parts& parts, time_point end) {
    const auto left = std::max<concurrency::duration>(end + at_most_after_drain - parts.admin.now(), patience);
    const auto drained = co_await parts.background.drain(left);
    for (const auto& name : drained.cut) {
        parts.log.warn("{} did not end in time and was cut", name);
    }
    for (const auto& name : drained.left) {
        parts.log.error("{} would not end", name);
    }
}

} // namespace

std::string sentence_of_drain(std::size_t connections, std::chrono::milliseconds drain) {
    return fmt::format("{} {} {} s to finish", connections, connections == 1 ? "connection has" : "connections have",
                       seconds(drain));
}

task<void> shut_down(shutdown_parts parts) {
    parts.draining.store(true);
    if (parts.delay > 0ms) {
        parts.log.info("draining: goes on accepting for {} s", seconds(parts.delay));
        co_await concurrency::sleep_for(parts.delay);
    }
    parts.files.clear(); // what may come later, or not at all, leaves none behind
    const auto end = concurrency::deadline_after(parts.admin.now(), parts.drain);
    parts.log.info("shutting down: {}", sentence_of_drain(parts.gate.open(), parts.drain));
    tell<&service::stop_accepting>(parts);
    co_await finish(parts, end);
    if (!has_ended(parts)) {
        name_all(co_await take_all(parts), remains::work, parts.log, "cut at the end of the grace period");
    }
    for (auto* each : parts.services) {
        each->home().cancel_all(concurrency::cancel_cause::shutdown);
    }
    // A thread that the machine has held up is no stuck loop yet: it has what is left of the grace period, too.
    const auto last = std::max(end, parts.admin.now()) + after_cancel;
    bool is_last_look = false;
    auto left = co_await take_all(parts);
    while (!is_empty(left) && !is_last_look) {
        co_await concurrency::sleep_for(look);
        is_last_look = parts.admin.now() >= last; // before it: this thread, too, may be held up between the two
        left = co_await take_all(parts);
    }
    if (!is_empty(left)) {
        name_all(left, remains::all, parts.log, "would not end");
        parts.log.error("something would not end: exit without waiting for it");
        co_await drain_background(parts, end);
        parts.admin_file = {};
        ::_exit(exit_not_ended);
    }
    parts.log.info("all requests have ended");
    parts.pool.stop_when_empty();
    parts.admin_file = {};
    co_await finish_admin(parts);
    co_await drain_background(parts, std::min(end, parts.admin.now()));
    if (!parts.admin.abandoned().empty()) {
        parts.pool.join();
        ::_exit(0); // whatever waits for that worker would wait for ever
    }
    parts.admin.cancel_all(concurrency::cancel_cause::shutdown);
    parts.admin.stop_when_empty();
}

} // namespace muster::server
