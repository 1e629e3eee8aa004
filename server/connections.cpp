// server/: see connections.hpp.
#include "server/connections.hpp"

#include <sys/socket.h>

namespace muster::server {

std::optional<connection_gate::place> connection_gate::enter() noexcept {
    if (open_.fetch_add(1, std::memory_order_relaxed) >= limit_) {
        open_.fetch_sub(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    return place(*this);
}

void open_connections::close_idle() noexcept {
    for (const connection& c : all_) {
        if (c.idle) {
            ::shutdown(c.descriptor, SHUT_RD);
        }
    }
}

} // namespace muster::server
