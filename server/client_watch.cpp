// server/: see client_watch.hpp.
#include "server/client_watch.hpp"

#include "concurrency/deadline.hpp"
#include "server/unique_fd.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>
#include <system_error>

namespace muster::server {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t an_end = EPOLLRDHUP | EPOLLET; // EPOLLERR and EPOLLHUP come unasked

int new_epoll() {
    unique_fd made(::epoll_create1(EPOLL_CLOEXEC));
    if (!made) {
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    }
    return made.release();
}

// How long after its last byte the peer ended its side, by the kernel's own clock: it does not matter how late we look.
// The end of a TCP stream carries an acknowledgement, and that is the last one that comes, unless we have sent
// something since: an answer to an earlier request, which may have been acknowledged after that end. Then it counts
// from there. Nothing for other sockets.
std::optional<std::chrono::milliseconds> between_last_byte_and_end(int socket) noexcept {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return std::nullopt;
    }
    const std::int64_t last_byte = std::min(info.tcpi_last_data_recv, info.tcpi_last_data_sent);
    return std::chrono::milliseconds(last_byte - static_cast<std::int64_t>(info.tcpi_last_ack_recv));
}

} // namespace

std::uint64_t watched_clients::add(client& who, int descriptor) {
    if (free_.empty()) {
        slots_.emplace_back();
        free_.reserve(slots_.capacity()); // so that remove() need not
        free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const auto at = free_.back();
    free_.pop_back();
    auto& given = slots_[at];
    given.held = {.who = &who, .descriptor = descriptor};
    return (std::uint64_t{given.generation} << 32U) | at;
}

void watched_clients::remove(std::uint64_t number) noexcept {
    const auto at = static_cast<std::uint32_t>(number);
    slots_[at].held = {};
    ++slots_[at].generation;
    free_.push_back(at);
}

watched_clients::entry watched_clients::find(std::uint64_t number) const noexcept {
    const auto at = static_cast<std::uint32_t>(number);
    if (at >= slots_.size() || slots_[at].generation != static_cast<std::uint32_t>(number >> 32U)) {
        return {};
    }
    return slots_[at].held;
}

client_watch::client_watch(concurrency::loop& home) : epoll_(home.context(), new_epoll()) {}

concurrency::task<void> client_watch::run() {
    for (;;) {
        co_await epoll_.async_wait(descriptor::wait_read, asio::as_tuple(asio::deferred));
        std::exception_ptr failed;
        try {
            look();
        } catch (const std::exception&) {
            failed = std::current_exception();
        }
        if (failed) { // the requests go on without it, and it tries again
            (co_await concurrency::current_loop()).report("the watch over clients", failed);
            co_await concurrency::sleep_for(std::chrono::seconds(1));
        }
    }
}

void client_watch::look() {
    std::array<epoll_event, 64> events; // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
    for (;;) {
        const int n = ::epoll_wait(epoll_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
        if (n < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "epoll_wait");
        }
        for (int i = 0; i < n; ++i) {
            if (const auto one = clients_.find(events.at(static_cast<std::size_t>(i)).data.u64); one.who != nullptr) {
                left(one, events.at(static_cast<std::size_t>(i)).events);
            }
        }
        if (n >= 0 && n < static_cast<int>(events.size())) {
            return;
        }
    }
}

void client_watch::left(const watched_clients::entry& one, std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) == 0 && still_waits(one)) {
        one.who->has_said_all();
    } else {
        one.who->has_gone();
    }
}

// Of a Unix socket no clock is needed: one that is closed hangs up, so whoever only ends its side is still there.
bool client_watch::still_waits(const watched_clients::entry& one) {
    const auto between = between_last_byte_and_end(one.descriptor);
    return !between || *between <= right_behind;
}

client_watch::registration::registration(client_watch& watch, client& who, int descriptor)
    : watch_(watch),
      who_(who),
      descriptor_(descriptor),
      number_(watch.clients_.add(who, descriptor)) {
    epoll_event wanted{};
    wanted.events = an_end;
    wanted.data.u64 = number_;
    if (::epoll_ctl(watch_.epoll_.native_handle(), EPOLL_CTL_ADD, descriptor_, &wanted) != 0) {
        const int error = errno;
        watch_.clients_.remove(number_);
        throw std::system_error(error, std::generic_category(), "epoll_ctl");
    }
}

void client_watch::registration::look() noexcept {
    pollfd one{.fd = descriptor_, .events = 0, .revents = 0}; // errors and hang-ups are told unasked
    if (::poll(&one, 1, 0) == 1 && (one.revents & (POLLERR | POLLHUP)) != 0) {
        who_.has_gone();
    }
}

client_watch::registration::~registration() {
    ::epoll_ctl(watch_.epoll_.native_handle(), EPOLL_CTL_DEL, descriptor_, nullptr);
    watch_.clients_.remove(number_);
}

} // namespace muster::server
