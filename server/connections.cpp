// server/: see connections.hpp.
#include "server/connections.hpp"

namespace muster::server {

std::optional<connection_gate::place> connection_gate::enter() noexcept {
    if (open_.fetch_add(1, std::memory_order_relaxed) >= limit_) {
        open_.fetch_sub(1, std::memory_order_relaxed);
        return std::nullopt;
    }
    return place(*this);
}

void open_connections::close_idle() noexcept {
    for (connection& c : all_) {
        if (c.idle) {
            boost::system::error_code ignored;
            c.socket->cancel(ignored); // resumes nobody here: the read ends on the loop's next turn
        }
    }
}

} // namespace muster::server
