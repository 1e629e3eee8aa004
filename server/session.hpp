// server/: one connection from its first byte to its last: requests read under limits and deadlines, one after another,
// each answered in one write. listener starts it, dispatch answers.
#pragma once

#include "concurrency/task.hpp"
#include "config/network.hpp"
#include "server/client_memory.hpp"
#include "server/client_watch.hpp"
#include "server/connections.hpp"
#include "server/dispatch.hpp"
#include "server/http_date.hpp"
#include "server/request_parser.hpp"
#include "server/request_reader.hpp"
#include "server/request_record.hpp"
#include "server/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>

namespace muster::server {

struct session_settings {
    parser_limits limits;
    arrival_limits arrival;
    std::chrono::milliseconds write_timeout{15'000}; ///< an answer's departure: each 64 KiB of it
    std::chrono::milliseconds idle_timeout{60'000};  ///< a connection that sends nothing; closed without a word
    std::size_t pipelined = 1000;                    ///< requests that came before their turn, in a row
    config::trusted_peers trusted{};                 ///< for named_peer()
};

/// What all connections of a loop and listener share. Outlives them.
struct session_context {
    const session_settings& settings;
    const dispatcher& dispatch;
    open_connections& open;
    date_cache& date;
    const std::atomic<bool>& draining; ///< answers say Connection: close, and it is closed
    client_watch& clients;
    client_buffers& memory;
    request_log* records = nullptr; ///< of this loop; null: nobody wants to know
};

/// The task of a connection, to be spawned with kind `connection`. It ends when either side closes, when a limit is
/// exceeded (after an answer that says so, but for the idle time), or when the process drains. Every wait in it is
/// bounded. What it throws concerns this connection alone. In the roll its name is what it does: "idle", "reading",
/// "answering", "writing", "closing".
[[nodiscard]] concurrency::task<void> serve_connection(unique_fd connected, admission place,
                                                       const session_context& context);

} // namespace muster::server
