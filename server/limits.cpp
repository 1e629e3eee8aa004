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
constexpr std::size_t own = 20; // standard streams, signals, logs, the admin loop and its listener: 14, and some more
constexpr std::size_t of_a_loop = 4; // its epolls, its timer and its bell
constexpr std::size_t kept = 16;
constexpr std::size_t reserve = 108; // for the admin listener's 64 and for those who are refused, if there is so much
constexpr std::size_t few = 64;

// What nobody has opened when the start is over.
std::size_t left_after_start(std::size_t descriptors, std::size_t opened) noexcept {
    return descriptors - std::min(descriptors, own + opened);
}

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

std::size_t descriptors_of_loops(std::size_t loops, std::size_t listeners) noexcept {
    return loops * (of_a_loop + listeners);
}

std::size_t connections_within(std::size_t descriptors, std::size_t opened) noexcept {
    const auto left = left_after_start(descriptors, opened);
    const auto others = std::max(std::min(reserve, left / 2), kept);
    return left > others ? left - others : 1;
}

std::size_t connections_per_address(std::size_t connections) noexcept {
    constexpr std::size_t least = 64;
    const auto most = connections - connections / 4; // so that somebody else finds a place in a small house, too
    return std::max<std::size_t>(std::min(std::max(connections / 4, least), most), 1);
}

int first_kept_descriptor(std::size_t descriptors) noexcept {
    if (descriptors >= plenty) {
        return std::numeric_limits<int>::max();
    }
    return static_cast<int>(descriptors - std::min(kept, descriptors / 2));
}

std::optional<std::string> warning_of_connections(std::size_t asked, std::size_t descriptors, std::size_t opened) {
    const auto fit = connections_within(descriptors, opened);
    if (asked <= fit) {
        return std::nullopt;
    }
    return "--max-connections " + std::to_string(asked) + " is more than fits: this process may have " +
           std::to_string(descriptors) + " open files (ulimit -n), which is enough for about " + std::to_string(fit) +
           (fit == 1 ? " connection" : " connections") + "; those beyond what there is are refused";
}

std::optional<std::string> warning_of_memory(std::size_t asked, std::size_t fit, std::uint64_t memory) {
    if (asked <= fit) {
        return std::nullopt;
    }
    return "--max-connections " + std::to_string(asked) + " is more than fits: this process may have " +
           std::to_string(memory / 1024 / 1024) + " MiB of memory, which is safe for about " + std::to_string(fit) +
           " connections; with more that mean no good it may be killed";
}

std::optional<std::string> warning_of_descriptors(std::size_t descriptors, std::size_t opened, std::size_t loops) {
    const auto fit = connections_within(descriptors, opened);
    if (fit >= few) {
        return std::nullopt;
    }
    auto text = "this process may have " + std::to_string(descriptors) + " open files (ulimit -n), and " +
                std::to_string(loops) + (loops == 1 ? " loop" : " loops") + " and the sources need about " +
                std::to_string(own + opened) + ": ";
    text += left_after_start(descriptors, opened) == 0
                ? "hardly a client finds a place, and the start may fail"
                : "that leaves " + std::to_string(fit) + (fit == 1 ? " connection" : " connections");
    return text + "; raise the limit, or lower --threads or the sources' connections";
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
