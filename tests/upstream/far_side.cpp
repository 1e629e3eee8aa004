// tests/upstream: see far_side.hpp.
#include "tests/upstream/far_side.hpp"

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace muster::tests {

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in made{};
    made.sin_family = AF_INET;
    made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    made.sin_port = htons(port);
    return made;
}

bool readable(int fd, int wait_ms = 0) {
    pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, wait_ms) == 1;
}

} // namespace

far_side::far_side(test_loop& loop, int backlog) : loop_(loop) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    auto where = loopback(0);
    socklen_t size = sizeof where;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&where), size) == 0);
    REQUIRE(::listen(listener_, backlog) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    port_ = ntohs(where.sin_port);
}

far_side::~far_side() {
    ::close(listener_);
    for (const auto* all : {&connections_, &fillers_}) {
        for (const int fd : *all) {
            if (fd >= 0) {
                ::close(fd);
            }
        }
    }
}

upstream::http_settings far_side::settings() const {
    upstream::http_settings made;
    made.name = "posts";
    made.origin.host = "127.0.0.1";
    made.origin.port = port_;
    return made;
}

std::size_t far_side::accepts() {
    int fd = -1;
    loop_.run_real([&] {
        fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        return fd >= 0;
    });
    connections_.push_back(fd);
    return connections_.size() - 1;
}

bool far_side::has_another() const {
    return readable(listener_);
}

std::string far_side::hears(std::size_t connection) {
    std::string heard;
    loop_.run_real([&] {
        char byte = 0;
        while (!heard.ends_with("\r\n\r\n") && ::recv(connections_[connection], &byte, 1, 0) == 1) {
            heard += byte;
        }
        return heard.ends_with("\r\n\r\n");
    });
    return heard;
}

bool far_side::has_heard(std::size_t connection) const {
    return readable(connections_[connection]);
}

void far_side::says(std::string_view text, std::size_t connection) {
    loop_.run_real([&] {
        const auto n = ::send(connections_[connection], text.data(), text.size(), MSG_NOSIGNAL);
        if (n > 0) {
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return text.empty() || (n < 0 && errno != EAGAIN); // who is cut off need not say more
    });
}

void far_side::closes(std::size_t connection) {
    ::close(std::exchange(connections_[connection], -1));
}

void far_side::resets(std::size_t connection) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    REQUIRE(::setsockopt(connections_[connection], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    closes(connection);
}

bool far_side::was_reset(std::size_t connection) {
    bool reset = false;
    loop_.run_real([&] {
        std::array<char, 1024> dropped{};
        ssize_t n = 0;
        do {
            n = ::recv(connections_[connection], dropped.data(), dropped.size(), 0);
        } while (n > 0);
        reset = n < 0 && errno == ECONNRESET;
        return n == 0 || reset;
    });
    return reset;
}

void far_side::fill() {
    // The kernel drops further connection requests once as many wait as it keeps; that they are a few more than asked
    // for is its own business.
    for (;;) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const auto where = loopback(port_);
        (void)::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where);
        fillers_.push_back(fd);
        pollfd one{.fd = fd, .events = POLLOUT, .revents = 0};
        if (::poll(&one, 1, 50) == 0) {
            return;
        }
    }
}

std::string ok(std::string_view body, std::string_view fields) {
    return answer("200 OK", body, "Content-Type: application/json\r\n" + std::string(fields));
}

std::string answer(std::string_view status, std::string_view body, std::string_view fields) {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}

question::question(test_loop& loop, upstream::http_client& client, std::string_view target,
                   std::optional<concurrency::duration> budget)
    : loop_(loop) {
    loop_.start(ask(client, upstream::http_target().add(target)), budget);
}

concurrency::task<void> question::ask(upstream::http_client& client, upstream::http_target target) {
    try {
        auto got = co_await client.get(target);
        status_ = got.head.status;
        body_ = got.body.text();
    } catch (const concurrency::cancelled&) {
        cancelled_ = true;
    } catch (...) {
        error_ = std::current_exception();
    }
    ended_ = true;
}

question& question::ends() {
    loop_.run_real([this] { return ended_; });
    return *this;
}

int question::status() const {
    if (error_) {
        std::rethrow_exception(error_);
    }
    return status_;
}

const std::string& question::body() const {
    if (error_) {
        std::rethrow_exception(error_);
    }
    return body_;
}

} // namespace muster::tests
