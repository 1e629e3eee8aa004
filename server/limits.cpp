// server/: see limits.hpp.
#include "server/limits.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>

namespace muster::server {

namespace {

constexpr std::size_t plenty = 1'000'000; // where the system knows no limit
constexpr std::size_t reserve = 128;
constexpr std::size_t kept = 16;

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
    const std::size_t others = std::min(reserve + for_sources, descriptors - std::min<std::size_t>(descriptors, 1));
    return std::max<std::size_t>(descriptors - others, 1);
}

std::size_t connections_per_address(std::size_t connections) noexcept {
    constexpr std::size_t least = 64;
    return std::max(connections / 4, least);
}

int first_kept_descriptor(std::size_t descriptors) noexcept {
    if (descriptors >= plenty) {
        return std::numeric_limits<int>::max();
    }
    return static_cast<int>(descriptors - std::min(kept, descriptors / 2));
}

std::optional<std::string> warning_of_connections(std::size_t asked, std::size_t descriptors, std::size_t for_sources) {
    const auto fit = connections_within(descriptors, for_sources);
    if (asked <= fit) {
        return std::nullopt;
    }
    return "--max-connections " + std::to_string(asked) + " is more than fits: this process may have " +
           std::to_string(descriptors) + " open files (ulimit -n), which is enough for about " + std::to_string(fit) +
           (fit == 1 ? " connection" : " connections") + "; those beyond what there is are refused";
}

void fill_standard_streams() noexcept {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
            // Takes the lowest that is free: this one. Reading from the first fails as it did when it was closed.
            (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDWR);
        }
    }
}

void ignore_signals_of_writes() noexcept {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
}

} // namespace muster::server
