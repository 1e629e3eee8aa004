// server/: see health_check.hpp.
#include "server/health_check.hpp"

#include "server/logging.hpp"
#include "server/unique_fd.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <system_error>
#include <variant>

namespace muster::server {

namespace {

namespace http = boost::beast::http;
using clock = std::chrono::steady_clock;

constexpr std::size_t longest_answer = 64 * 1024;

/// What goes wrong on the way: `what()` is the reason.
[[noreturn]] void fail(int error) {
    throw std::system_error(error, std::generic_category());
}

struct address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

address address_of(const config::endpoint& where) {
    address made;
    if (const auto* file = std::get_if<config::unix_endpoint>(&where)) {
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        const auto length = std::min(file->path.size(), sizeof local.sun_path - 1);
        std::memcpy(local.sun_path, file->path.data(), length);
        std::memcpy(&made.storage, &local, sizeof local);
        made.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length + 1);
        return made;
    }
    const auto& tcp = std::get<config::tcp_endpoint>(where);
    const auto host = tcp.host == "localhost" ? std::string("127.0.0.1") : tcp.host; // as the listener takes it
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(tcp.port);
        std::memcpy(&made.storage, &v4, sizeof v4);
        made.size = sizeof v4;
    } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(tcp.port);
        std::memcpy(&made.storage, &v6, sizeof v6);
        made.size = sizeof v6;
    } else {
        fail(EADDRNOTAVAIL);
    }
    return made;
}

void wait_for(int fd, short what, clock::time_point end) {
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock::now()).count();
        pollfd one{.fd = fd, .events = what, .revents = 0};
        const int ready = left > 0 ? ::poll(&one, 1, static_cast<int>(left)) : 0;
        if (ready > 0) {
            return;
        }
        if (ready == 0) {
            fail(ETIMEDOUT);
        }
        if (errno != EINTR) {
            fail(errno);
        }
    }
}

unique_fd connect_to(const config::endpoint& where, clock::time_point end) {
    const auto to = address_of(where);
    unique_fd fd(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
        fail(errno);
    }
    // A Unix socket whose queue is full says EAGAIN, and nothing would tell when it is not: that is no answer either.
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) == 0) {
        return fd;
    }
    if (errno != EINPROGRESS) {
        fail(errno);
    }
    wait_for(fd.get(), POLLOUT, end);
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        fail(error);
    }
    return fd;
}

void send_all(int fd, std::string_view text, clock::time_point end) {
    while (!text.empty()) {
        const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            wait_for(fd, POLLOUT, end);
        } else if (errno != EINTR) {
            fail(errno);
        }
    }
}

std::string receive_all(int fd, clock::time_point end) {
    std::string all;
    char buffer[4096];
    while (all.size() < longest_answer) {
        wait_for(fd, POLLIN, end);
        const auto got = ::recv(fd, buffer, sizeof buffer, 0);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            all.append(buffer, static_cast<std::size_t>(got));
        } else if (errno != EAGAIN && errno != EINTR) {
            fail(errno);
        }
    }
    return all;
}

std::string host_of(const config::endpoint& where) {
    return std::holds_alternative<config::unix_endpoint>(where) ? "localhost" : config::to_string(where);
}

std::string first_line(std::string_view text) {
    return printable(text.substr(0, std::min(text.find_first_of("\r\n"), std::size_t{200})));
}

/// What an answer that is whole says, or why there is none.
health_answer judge(const std::string& answer) {
    if (answer.empty()) {
        return {false, "closed without an answer"};
    }
    http::response_parser<http::string_body> parser;
    parser.body_limit(longest_answer);
    parser.eager(true);
    boost::system::error_code error;
    parser.put(boost::asio::buffer(answer), error);
    if (error == http::error::need_more) {
        error = {};
    }
    if (!error && !parser.is_done()) {
        parser.put_eof(error);
    }
    if (error) {
        return {false, error == http::error::partial_message ? "the answer is cut short" : "not an HTTP answer"};
    }
    const auto said = first_line(parser.get().body());
    return {parser.get().result_int() == 200,
            std::to_string(parser.get().result_int()) + (said.empty() ? "" : " " + said)};
}

} // namespace

config::endpoint health_endpoint(const config::settings& settings) {
    auto where = settings.admin ? *settings.admin : settings.listen.front();
    if (auto* tcp = std::get_if<config::tcp_endpoint>(&where)) {
        in_addr v4{};
        in6_addr v6{};
        if (::inet_pton(AF_INET, tcp->host.c_str(), &v4) == 1 && v4.s_addr == INADDR_ANY) {
            tcp->host = "127.0.0.1";
        } else if (::inet_pton(AF_INET6, tcp->host.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6)) {
            tcp->host = "::1";
        }
    }
    return where;
}

health_answer ask_health(const config::endpoint& where, bool ready, std::chrono::milliseconds limit) {
    const auto end = clock::now() + limit;
    const std::string path = ready ? "/readyz" : "/livez";
    const auto asked = path + " of " + config::to_string(where) + ": ";
    if (const auto* tcp = std::get_if<config::tcp_endpoint>(&where); tcp != nullptr && tcp->port == 0) {
        return {false, asked + "port 0 is any free one; name the one that the server printed"};
    }
    try {
        const auto connection = connect_to(where, end);
        send_all(connection.get(),
                 "GET " + path + " HTTP/1.1\r\nHost: " + host_of(where) +
                     "\r\nUser-Agent: muster-health\r\nConnection: close\r\n\r\n",
                 end);
        const auto answer = judge(receive_all(connection.get(), end));
        return {answer.ok, asked + answer.line};
    } catch (const std::system_error& error) {
        const bool late = error.code() == std::errc::timed_out;
        return {false, asked + (late ? "no answer within " + std::to_string(limit.count()) + " ms"
                                     : std::string(std::strerror(error.code().value())))};
    }
}

} // namespace muster::server
