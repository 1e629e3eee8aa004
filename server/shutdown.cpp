// server/: see shutdown.hpp.
#include "server/shutdown.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/operation.hpp"
#include "server/roll_model.hpp"

#include <boost/asio/basic_signal_set.hpp>
#include <spdlog/spdlog.h>

#include <unistd.h>

#include <csignal>
#include <utility>

namespace muster::server {

namespace {

using concurrency::sleep_for;
using concurrency::task;
using namespace std::chrono_literals;

constexpr auto after_cancel = 100ms;
constexpr std::size_t named = 100; // enough to see what kind of thing it is

bool is_empty(const concurrency::snapshot& taken) {
    for (const auto& part : taken.parts) {
        if (!part.told || part.told->live() != 0 || !part.told->abandoned.empty()) {
            return false;
        }
    }
    return true;
}

void name_all(const concurrency::snapshot& taken, spdlog::logger& log, std::string_view what) {
    const auto roll = make_roll(taken, named);
    for (const auto& silent : roll.silent) {
        log.error("{}: {} does not answer", what, silent);
    }
    const std::function<void(const roll_entry&, std::string_view)> name = [&](const roll_entry& entry,
                                                                              std::string_view request) {
        const auto& task = *entry.task;
        log.error("{}: {} (request {}) {} at {}", what, name_of(entry), request, state_of(task),
                  task.frames == 0 ? "-" : place_of(entry.loop->frames[task.first_frame]));
        for (const auto& child : entry.children) {
            name(child, request);
        }
    };
    for (const auto& entry : roll.requests) {
        name(entry, entry.task->ref);
    }
    for (const auto& entry : roll.background) {
        name(entry, "-");
    }
    for (const auto& entry : roll.abandoned) {
        log.error("{}: {}", what, entry.sentence);
    }
}

// Until every connection has ended, at most for the grace period.
task<void> finish(shutdown_parts& parts) {
    const auto end = concurrency::deadline_after(parts.admin.now(), parts.drain);
    while (parts.gate.open() + parts.refused.open() != 0 && parts.admin.now() < end) {
        co_await sleep_for(5ms);
    }
}

} // namespace

task<void> await_signals(std::function<void(int)> ask) {
    auto& home = co_await concurrency::current_loop();
    boost::asio::basic_signal_set<concurrency::deferred_executor> signals(home.context(), SIGTERM, SIGINT, SIGHUP);
    ask(co_await signals.async_wait());
    const int second = co_await signals.async_wait();
    ::_exit(128 + second);
}

task<void> shut_down(shutdown_parts parts) {
    parts.draining.store(true);
    parts.log.info("shutting down: {} connections have {} ms to finish", parts.gate.open(), parts.drain.count());
    for (auto* each : parts.services) {
        each->home().post([each] { each->stop_accepting(); });
    }
    co_await finish(parts);
    if (parts.gate.open() != 0) {
        name_all(co_await parts.roll.take(named, 100ms), parts.log, "cut at the end of the grace period");
    }
    for (auto* each : parts.services) {
        each->home().cancel_all(concurrency::cancel_cause::shutdown);
    }
    const auto end = parts.admin.now() + after_cancel;
    auto left = co_await parts.roll.take(named, after_cancel);
    while (!is_empty(left) && parts.admin.now() < end) {
        co_await sleep_for(5ms);
        left = co_await parts.roll.take(named, after_cancel);
    }
    if (!is_empty(left)) {
        name_all(left, parts.log, "would not end");
        parts.log.error("something would not end: exit without waiting for it");
        parts.log.flush();
        ::_exit(exit_not_ended);
    }
    parts.log.info("all requests have ended");
    parts.pool.stop_when_empty();
    if (parts.admin_service != nullptr) {
        parts.admin_service->stop_accepting();
    }
    parts.admin.cancel_all(concurrency::cancel_cause::shutdown);
    parts.admin.stop_when_empty();
}

} // namespace muster::server
