// server/: what one loop needs to serve: its listeners, a dispatcher for each door, and what its connections share.
// Nothing of it is touched by another thread, except through the loop.
#pragma once

#include "concurrency/loop.hpp"
#include "server/address_gate.hpp"
#include "server/client_watch.hpp"
#include "server/connections.hpp"
#include "server/dispatch.hpp"
#include "server/http_date.hpp"
#include "server/listener.hpp"
#include "server/refusal.hpp"
#include "server/request_ids.hpp"
#include "server/request_record.hpp"
#include "server/session.hpp"

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace muster::server {

/// What the services of a process share; outlives them.
struct service_parts {
    const handlers::router& router;
    const session_settings& settings;
    connection_gate& gate;    ///< places to be served
    address_gate& addresses;  ///< places of each address
    connection_gate& refused; ///< places to be told that there are none
    client_buffers& memory;   ///< what its clients hold
    const std::atomic<bool>& draining;
    spdlog::logger& log;
    int first_kept = std::numeric_limits<int>::max(); ///< no connection may have this descriptor or a higher one
    request_log* records = nullptr;                   ///< of the service's loop; null: no access log
    handlers::explain explain = handlers::explain::full;
};

/// One a loop. Made before the loop runs, destroyed after it has ended.
class service {
  public:
    service(concurrency::loop& home, const service_parts& parts);
    service(const service&) = delete;
    service& operator=(const service&) = delete;

    /// A way in; its number is what accept_on() takes. Before start().
    std::size_t add_door(door d);

    /// Accepts on `listening` for the door of that number; connections go to each of `to` in turn.
    void accept_on(std::size_t door, unique_fd listening, std::vector<service*> to);

    /// Spawns the tasks of the listeners and of the watch over the clients.
    void start();

    /// Takes who is queued already and closes the listeners. On the loop's thread.
    void stop_accepting();

    /// Ends the connections that ask nothing. On the loop's thread.
    void close_idle() { open_.close_idle(); }

    /// Whether a listener is open yet, that is to say somebody may come. Safe from every thread once started.
    [[nodiscard]] bool accepts() const noexcept;

    [[nodiscard]] concurrency::loop& home() const noexcept { return home_; }

  private:
    void take_in(std::size_t door, unique_fd connected, remote from, service& to);
    void serve(std::size_t door, unique_fd connected, admission place, std::string peer);
    void refuse(std::size_t door, unique_fd connected, refused_for why, std::string peer);

    struct entry {
        dispatcher dispatch;
        session_context context;

        entry(service& owner, door d);
    };

    concurrency::loop& home_;
    service_parts parts_;
    request_ids ids_;
    date_cache date_;
    open_connections open_;
    client_watch clients_;
    std::vector<std::unique_ptr<entry>> doors_;
    std::vector<std::unique_ptr<listener>> listeners_;
    std::vector<std::string> addresses_; // of the listeners
};

} // namespace muster::server
