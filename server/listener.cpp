// server/: see listener.hpp. The call is accept4 itself: Asio's accept leaves descriptors open across exec, and its
// error handling is the caller's anyway.
#include "server/listener.hpp"

#include "concurrency/deadline.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <spdlog/spdlog.h>

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <limits>
#include <system_error>
#include <utility>

namespace muster::server {

namespace asio = boost::asio;

namespace {

constexpr int burst = 64; // then everything else on the loop has its turn
constexpr std::chrono::milliseconds pause{50};
constexpr std::chrono::seconds between_warnings{60};
// For connections that are half made when the end begins; no longer, for whoever knocks meanwhile waits a second.
constexpr std::chrono::milliseconds last_handshakes{5};

// From now on the kernel drops who knocks and finishes with who is half in: between the last accept and the close
// nobody enters only to be reset. (Who was dropped knocks again a second later: at our successor's door, or at none.)
// Without it, where a kernel does not have it, that is a matter of microseconds.
void let_nobody_knock(int listening) noexcept {
    constexpr std::uint32_t flags = 13; // in the header of TCP
    constexpr std::uint32_t syn = 0x02;
    std::array<sock_filter, 5> code{{{BPF_LD | BPF_B | BPF_ABS, 0, 0, flags},
                                     {BPF_ALU | BPF_AND | BPF_K, 0, 0, syn},
                                     {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, syn},
                                     {BPF_RET | BPF_K, 0, 0, std::numeric_limits<std::uint32_t>::max()},
                                     {BPF_RET | BPF_K, 0, 0, 0}}};
    const sock_fprog program{.len = code.size(), .filter = code.data()};
    (void)::setsockopt(listening, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

} // namespace

listener::listener(concurrency::loop& home, unique_fd listening, receiver accepted, spdlog::logger& log)
    : home_(home),
      listening_(home.context(), listening.get()),
      accepted_(std::move(accepted)),
      log_(log) {
    (void)listening.release();
}

concurrency::task<void> listener::run() {
    struct closing {
        listener& self;

        ~closing() { self.close(); }
    } const at_the_end{*this};

    while (!stopping_) {
        co_await listening_.async_wait(descriptor::wait_read, asio::as_tuple(asio::deferred));
        if (accept_some() == outcome::exhausted) {
            co_await concurrency::sleep_for(pause);
        }
    }
    co_await accept_all();
    co_await concurrency::sleep_for(last_handshakes);
    co_await accept_all();
}

// They came before the end.
concurrency::task<void> listener::accept_all() {
    for (auto last = accept_some(); last != outcome::drained; last = accept_some()) {
        if (last == outcome::exhausted) {
            co_await concurrency::sleep_for(pause);
        } else {
            co_await concurrency::reschedule();
        }
    }
}

void listener::close() noexcept {
    boost::system::error_code ignored;
    listening_.close(ignored);
    open_.store(false, std::memory_order_release);
}

void listener::stop() {
    stopping_ = true;
    if (listening_.is_open()) {
        let_nobody_knock(listening_.native_handle());
        boost::system::error_code ignored;
        listening_.cancel(ignored);
    }
}

// Descriptors come and go while there are few: that is one trouble, not one a moment.
void listener::warn(int error) {
    if (const auto now = home_.now(); !warned_ || now - *warned_ >= between_warnings) {
        warned_ = now;
        log_.warn("cannot accept: {}; trying again every {} ms", std::generic_category().message(error), pause.count());
    }
}

listener::outcome listener::accept_some() {
    for (int i = 0; i != burst; ++i) {
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        unique_fd socket(::accept4(listening_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            switch (errno) {
            case EAGAIN:
                return outcome::drained;
            case ECONNABORTED: // of one connection that has gone meanwhile
            case EINTR:
            case EPERM:
            case EPROTO:
            case ENOPROTOOPT:
            case EOPNOTSUPP:
            case ENETDOWN:
            case ENETUNREACH:
            case EHOSTDOWN:
            case EHOSTUNREACH:
            case ENONET:
                continue;
            default: // EMFILE, ENFILE, ENOBUFS, ENOMEM
                warn(errno);
                return outcome::exhausted;
            }
        }
        try {
            accepted_(std::move(socket), remote_of(peer));
        } catch (const std::exception& error) {
            log_.warn("a connection is dropped: {}", error.what());
        }
    }
    return outcome::more;
}

} // namespace muster::server
