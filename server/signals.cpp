// server/: see signals.hpp. While the process starts a thread of its own hears signals: the main one may be inside a
// lock or a disk; later the admin loop does.
#include "server/signals.hpp"

#include "concurrency/operation.hpp"

#include <boost/asio/basic_signal_set.hpp>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <utility>

namespace muster::server {

namespace {

using concurrency::task;

// With the signal set goes Asio's handler: what the system does then on a hang-up would end the process before its
// time.
struct hang_ups_held {
    hang_ups_held() = default;
    hang_ups_held(const hang_ups_held&) = delete;
    hang_ups_held& operator=(const hang_ups_held&) = delete;

    ~hang_ups_held() {
        sigset_t hang_up;
        ::sigemptyset(&hang_up);
        ::sigaddset(&hang_up, SIGHUP);
        ::pthread_sigmask(SIG_BLOCK, &hang_up, nullptr); // every other thread has blocked it since the start
    }
};

// For a moment in which nothing may wait.
void say(std::string_view line) noexcept {
    pollfd out{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&out, 1, 0) == 1 && (out.revents & POLLOUT) != 0) {
        [[maybe_unused]] const auto n = ::write(STDERR_FILENO, line.data(), line.size());
    }
}

} // namespace

bool is_ignored(int signal) noexcept {
    struct sigaction now{};
    return ::sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_IGN;
}

sigset_t ending_signals() noexcept {
    sigset_t all;
    ::sigemptyset(&all);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        if (!is_ignored(signal)) {
            ::sigaddset(&all, signal);
        }
    }
    return all;
}

start_signals::start_signals(std::chrono::milliseconds patience, bool hang_up_ends)
    : patience_(patience),
      hang_up_ends_(hang_up_ends),
      over_(::eventfd(0, EFD_CLOEXEC)) {
    if (over_ < 0) {
        throw std::system_error(errno, std::generic_category(), "cannot listen for signals");
    }
    const auto all = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    thread_ = std::thread([this] { listen(); });
}

start_signals::~start_signals() {
    hand_over();
    ::close(over_);
}

int start_signals::hand_over() {
    if (thread_.joinable()) {
        (void)::eventfd_write(over_, 1);
        thread_.join();
    }
    return heard_;
}

void start_signals::listen() {
    const auto all = ending_signals();
    const int signals = ::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    std::array<pollfd, 2> both{
        {{.fd = over_, .events = POLLIN, .revents = 0}, {.fd = signals, .events = POLLIN, .revents = 0}}};
    for (;;) {
        const int ready = ::poll(both.data(), both.size(), heard_ == 0 ? -1 : static_cast<int>(patience_.count()));
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            say("muster: the start was asked to end and does not: exit without waiting for it\n");
            ::_exit(exit_not_ended);
        }
        signalfd_siginfo told{};
        if ((both[0].revents & POLLIN) != 0) {
            break; // what has come in this moment stays pending
        }
        if (::read(signals, &told, sizeof told) != sizeof told) {
            continue;
        }
        if (told.ssi_signo == SIGHUP && !hang_up_ends_) {
            continue;
        }
        if (heard_ != 0) {
            ::_exit(128 + static_cast<int>(told.ssi_signo));
        }
        heard_ = static_cast<int>(told.ssi_signo);
        stop_.store(true);
    }
    ::close(signals);
}

task<void> await_signals(int asked, std::function<void(int)> ask, std::function<void()> last,
                         std::function<void()> hang_up) {
    auto& home = co_await concurrency::current_loop();
    boost::asio::basic_signal_set<concurrency::deferred_executor> signals(home.context());
    for (const int signal : {SIGTERM, SIGINT}) {
        if (!is_ignored(signal)) {
            signals.add(signal);
        }
    }
    if (hang_up || !is_ignored(SIGHUP)) {
        signals.add(SIGHUP);
    }
    const hang_ups_held at_the_end;
    auto all = ending_signals();
    ::sigaddset(&all, SIGHUP);
    ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
    // Named, in this frame: it outlives the tasks it makes.
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
    const auto next = [&]() -> task<int> {
        for (;;) {
            const int signal = co_await signals.async_wait();
            if (signal != SIGHUP || !hang_up) {
                co_return signal;
            }
            hang_up();
        }
    };
    if (asked == 0) {
        asked = co_await next();
    }
    ask(asked);
    const int second = co_await next();
    last();
    ::_exit(128 + second);
}

std::string name_of_signal(int signal) {
    switch (signal) {
    case SIGTERM:
        return "SIGTERM";
    case SIGINT:
        return "SIGINT";
    case SIGHUP:
        return "SIGHUP";
    default:
        return "signal " + std::to_string(signal);
    }
}

} // namespace muster::server
