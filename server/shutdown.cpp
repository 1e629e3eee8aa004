// server/: see shutdown.hpp.
#include "server/shutdown.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/operation.hpp"
#include "server/roll_model.hpp"

#include <boost/asio/basic_signal_set.hpp>
#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
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

// Whoever was in a queue has a place before its listener is closed: so the listeners first.
bool has_ended(const shutdown_parts& parts) {
    return std::ranges::none_of(parts.services, &service::accepts) && parts.gate.open() + parts.refused.open() == 0;
}

// Until every connection has ended, at most for the grace period.
task<void> finish(shutdown_parts& parts) {
    const auto end = concurrency::deadline_after(parts.admin.now(), parts.drain);
    while (!has_ended(parts) && parts.admin.now() < end) {
        co_await sleep_for(5ms);
    }
}

// Who is being answered by the admin listener gets the whole of it, if that is soon.
task<void> finish_admin(shutdown_parts& parts) {
    if (parts.admin_service == nullptr) {
        co_return;
    }
    parts.admin_service->stop_accepting();
    const auto end = concurrency::deadline_after(parts.admin.now(), after_cancel);
    while ((parts.admin_service->accepts() || parts.admin_gate.open() != 0) && parts.admin.now() < end) {
        co_await sleep_for(5ms);
    }
}

bool is_ignored(int signal) noexcept {
    struct sigaction now{};
    return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN;
}

sigset_t ending_signals() noexcept {
    sigset_t all;
    ::sigemptyset(&all);
    ::sigaddset(&all, SIGTERM);
    ::sigaddset(&all, SIGINT);
    ::sigaddset(&all, SIGHUP);
    return all;
}

} // namespace

void hold_signals() noexcept {
    const auto all = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

task<void> await_signals(std::function<void(int)> ask, std::function<void()> last) {
    auto& home = co_await concurrency::current_loop();
    boost::asio::basic_signal_set<concurrency::deferred_executor> signals(home.context(), SIGTERM, SIGINT);
    if (!is_ignored(SIGHUP)) {
        signals.add(SIGHUP);
    }
    const auto all = ending_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
    ask(co_await signals.async_wait());
    const int second = co_await signals.async_wait();
    last();
    ::_exit(128 + second);
}

std::string name_of_signal(int signal) {
    switch (signal) {
    case SIGTERM:
        return "SIGTERM";
    case SIGINT:
        return "SIGINT";
    case SIGHUP:
        return "SIGHUP";
    default:
        return "signal " + std::to_string(signal);
    }
}

std::string sentence_of_drain(std::size_t connections, std::chrono::milliseconds drain) {
    return fmt::format("{} {} {} s to finish", connections, connections == 1 ? "connection has" : "connections have",
                       static_cast<double>(drain.count()) / 1000);
}

task<void> shut_down(shutdown_parts parts) {
    parts.draining.store(true);
    parts.files.clear(); // what may come later, or not at all, leaves none behind
    parts.log.info("shutting down: {}", sentence_of_drain(parts.gate.open(), parts.drain));
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
        parts.admin_file = {};
        ::_exit(exit_not_ended);
    }
    parts.log.info("all requests have ended");
    parts.pool.stop_when_empty();
    parts.admin_file = {};
    co_await finish_admin(parts);
    parts.admin.cancel_all(concurrency::cancel_cause::shutdown);
    parts.admin.stop_when_empty();
}

} // namespace muster::server
