// server/: see stop_signals.hpp.
#include "server/stop_signals.hpp"

#include "server/signals.hpp"

#include <csignal>
#include <ctime>
#include <sys/signalfd.h>

#include <cerrno>
#include <system_error>

namespace muster::server {

stop_signals::stop_signals() {
    const auto all = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    fd_.reset(::signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd_) {
        throw std::system_error(errno, std::generic_category(), "signalfd");
    }
}

bool stop_signals::asked() const noexcept {
    sigset_t pending;
    ::sigpending(&pending);
    const auto all = ending_signals();
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        if (::sigismember(&pending, signal) == 1 && ::sigismember(&all, signal) == 1) {
            return true;
        }
    }
    return false;
}

int stop_signals::take() noexcept {
    const auto all = ending_signals();
    const timespec now{};
    const int signal = ::sigtimedwait(&all, nullptr, &now);
    ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
    return signal > 0 ? signal : 0;
}

} // namespace muster::server
