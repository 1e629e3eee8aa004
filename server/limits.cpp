// server/: see limits.hpp.
#include "server/limits.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

namespace muster::server {

namespace {

constexpr std::size_t plenty = 1'000'000; // where the system knows no limit
constexpr std::size_t reserve = 128;

} // namespace

std::size_t raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    if (limit.rlim_cur < limit.rlim_max) {
        rlimit raised = limit;
        raised.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
            limit = raised;
        }
    }
    return limit.rlim_cur == RLIM_INFINITY ? plenty
                                           : static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, plenty));
}

std::size_t connections_within(std::size_t descriptors, std::size_t for_sources) noexcept {
    const std::size_t kept = std::min(reserve + for_sources, descriptors - std::min<std::size_t>(descriptors, 1));
    return std::max<std::size_t>(descriptors - kept, 1);
}

void ignore_broken_pipes() noexcept {
    ::signal(SIGPIPE, SIG_IGN);
}

} // namespace muster::server
