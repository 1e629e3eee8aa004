// server/: the end of the process, on the admin thread: from the signal to the last task.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/registry.hpp"
#include "concurrency/task.hpp"
#include "server/binding.hpp"
#include "server/connections.hpp"
#include "server/service.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
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
    connection_gate& admin_gate;
    std::vector<socket_file>& files; ///< of the public listeners: removed at the start of the end
    socket_file& admin_file;         ///< removed at its end
    std::atomic<bool>& draining;
    std::chrono::milliseconds drain; ///< what requests in flight have
    spdlog::logger& log;
};

/// Keeps SIGTERM, SIGINT and SIGHUP from this thread, and from those it makes, until await_signals() hears them: a stop
/// that comes while the process starts is a clean one all the same. A SIGHUP that is ignored (nohup) stays so.
void hold_signals() noexcept;

/// Waits for one of those signals (main thread: the one that called hold_signals()), then calls `ask(signal)` once; at
/// a second signal it calls `last`, and the process exits at once with 128 + its number.
[[nodiscard]] concurrency::task<void> await_signals(std::function<void(int)> ask, std::function<void()> last);

/// "SIGTERM"; of other signals than those above "signal 10".
[[nodiscard]] std::string name_of_signal(int signal);

/// "1 connection has 0.5 s to finish". Pure.
[[nodiscard]] std::string sentence_of_drain(std::size_t connections, std::chrono::milliseconds drain);

/// Unready; takes who is queued already and accepts no more; idle connections end, requests in flight have `drain`,
/// then they are cancelled with `shutdown` and have 100 ms more. When all has ended both the pool and the admin loop
/// stop; if something has not, it is named in the log and the process exits with exit_not_ended, without destructors: a
/// frame with an operation in flight is never destroyed.
[[nodiscard]] concurrency::task<void> shut_down(shutdown_parts parts);

} // namespace muster::server
