// server/: the end of the process, on the admin thread: from the signal to the last task.
#pragma once

#include "concurrency/background.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/registry.hpp"
#include "concurrency/task.hpp"
#include "server/binding.hpp"
#include "server/connections.hpp"
#include "server/service.hpp"
#include "server/signals.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace muster::server {

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
    std::chrono::milliseconds delay;     ///< how long to go on accepting
    std::chrono::milliseconds drain;     ///< what work in flight has after it
    concurrency::background& background; ///< of the admin loop: drained last
    spdlog::logger& log;
};

/// "1 connection has 0.5 s to finish". Pure.
[[nodiscard]] std::string sentence_of_drain(std::size_t connections, std::chrono::milliseconds drain);

/// Unready; answers end their connections; for `delay` everything goes on, so that whoever sends requests here can
/// learn of it. Then who is queued already is taken, and no more are accepted; idle connections end; work in flight has
/// `drain`. What is left is named in the log and cancelled with `shutdown`. When all has ended both the pool and the
/// admin loop stop; if something has not half a second after `drain` (a loop that does not answer, too, although no
/// connection is left), it is named in the log and the process exits with exit_not_ended, without destructors: a frame
/// with an operation in flight is never destroyed.
[[nodiscard]] concurrency::task<void> shut_down(shutdown_parts parts);

} // namespace muster::server
