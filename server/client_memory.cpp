// server/: see client_memory.hpp.
#include "server/client_memory.hpp"

namespace muster::server {

bool client_memory::share::hold(std::size_t bytes) noexcept {
    if (bytes == held_) {
        return true; // the usual case costs nothing that is shared
    }
    if (bytes < held_) {
        of_.held_.fetch_sub(held_ - bytes, std::memory_order_relaxed);
        held_ = bytes;
        return true;
    }
    const auto more = bytes - held_;
    const auto before = of_.held_.fetch_add(more, std::memory_order_relaxed);
    if (before + more > of_.limit_ && before != held_) {
        of_.held_.fetch_sub(more, std::memory_order_relaxed);
        return false;
    }
    held_ = bytes;
    return true;
}

} // namespace muster::server
