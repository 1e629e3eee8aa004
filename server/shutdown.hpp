// server/: the end of the process, on the admin thread: from the signal to the last task.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/registry.hpp"
#include "concurrency/task.hpp"
#include "server/connections.hpp"
#include "server/service.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

namespace spdlog {
class logger;
}

namespace muster::server {

/// Exit code of a process in which something would not end.
inline constexpr int exit_not_ended = 3;

/// References outlive the tasks.
struct shutdown_parts {
    concurrency::loop_pool& pool;
    concurrency::loop& admin;
    std::vector<service*> services; ///< of the pool's loops
    service* admin_service;         ///< null: no admin listener
    concurrency::roll_call& roll;   ///< of the pool's loops
    connection_gate& gate;
    connection_gate& refused;
    std::atomic<bool>& draining;
    std::chrono::milliseconds drain; ///< what requests in flight have
    spdlog::logger& log;
};

/// Waits for SIGTERM, SIGINT or SIGHUP, then calls `ask(signal)` once; at a second signal the process exits at once
/// with 128 + its number.
[[nodiscard]] concurrency::task<void> await_signals(std::function<void(int)> ask);

/// Unready; accepts no more; idle connections end, requests in flight have `drain`, then they are cancelled with
/// `shutdown` and have 100 ms more. When all has ended both the pool and the admin loop stop; if something has not, it
/// is named in the log and the process exits with exit_not_ended, without destructors: a frame with an operation in
/// flight is never destroyed.
[[nodiscard]] concurrency::task<void> shut_down(shutdown_parts parts);

} // namespace muster::server
