// tests of server/binding: addresses that are had, and those that are not.
#include "server/binding.hpp"

#include "tests/support/own_port.hpp"
#include "tests/support/temporary_directory.hpp"

#include <catch2/catch_test_macros.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

using muster::config::tcp_endpoint;
using muster::config::unix_endpoint;
using muster::server::bind_error;
using muster::server::listen_on;

namespace {

std::uint16_t port_in(const std::string& address) {
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

std::string refusal_of(const muster::config::endpoint& where) {
    try {
        (void)listen_on(where, 1, false);
    } catch (const bind_error& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("port 0 is one free port for all sockets, and told") {
    const auto made = listen_on(tcp_endpoint{"127.0.0.1", 0}, 3, false);
    CHECK(made.sockets.size() == 3);
    const auto port = port_in(made.address);
    CHECK(port != 0);
    for (const auto& socket : made.sockets) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        CHECK(ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port) == port);
    }
}

TEST_CASE("an address in use is an error that names it, also if its owner shares ports") {
    const auto first = listen_on(tcp_endpoint{"127.0.0.1", 0}, 2, false);
    const auto port = port_in(first.address);
    CHECK(refusal_of(tcp_endpoint{"127.0.0.1", port}) ==
          "cannot listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
    CHECK_THROWS_AS(listen_on(tcp_endpoint{"127.0.0.1", port}, 2, false), bind_error);
    CHECK(listen_on(tcp_endpoint{"127.0.0.1", port}, 2, true).sockets.size() == 2); // --reuse-port
}

TEST_CASE("who connects while the sockets of a group are made one after another is not reset") {
    const muster::tests::own_port port;
    for (int again = 0; again != 300; ++again) {
        std::atomic<bool> tries{false};
        std::atomic<bool> over{false};
        std::vector<muster::server::unique_fd> clients;
        std::thread connects([&] {
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port.number());
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            while (!over && clients.size() < 200) {
                muster::server::unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                sockaddr_in from{}; // another address, else it may be connected to itself before anybody listens
                from.sin_family = AF_INET;
                from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
                if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&from), sizeof from) == 0 &&
                    ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
                    clients.push_back(std::move(fd));
                }
                tries = true;
            }
        });
        while (!tries) {
            std::this_thread::yield();
        }
        const auto made = listen_on(tcp_endpoint{"127.0.0.1", port.number()}, 4, false);
        over = true;
        connects.join();
        for (const auto& client : clients) {
            char byte = 0;
            errno = 0;
            CHECK(::recv(client.get(), &byte, 1, MSG_DONTWAIT) == -1);
            CHECK(errno == EAGAIN);
        }
    }
}

TEST_CASE(
    "what is accepted sends at once, holds little that is not on its way, and drops the dead, as its listener says") {
    for (const char* host : {"127.0.0.1", "::1"}) {
        const auto made = listen_on(tcp_endpoint{host, 0}, 1, false, std::chrono::seconds(42));
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        REQUIRE(::getsockname(made.sockets.front().get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
        const muster::server::unique_fd client(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
        pollfd come{.fd = made.sockets.front().get(), .events = POLLIN, .revents = 0};
        REQUIRE(::poll(&come, 1, 60'000) == 1); // the last of the three packets may still be on its way
        const muster::server::unique_fd accepted(
            ::accept4(made.sockets.front().get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        REQUIRE(accepted);
        const auto option = [&](int level, int which) {
            int value = -1;
            socklen_t length = sizeof value;
            return ::getsockopt(accepted.get(), level, which, &value, &length) == 0 ? value : -1;
        };
        CHECK(option(IPPROTO_TCP, TCP_NODELAY) > 0);
        CHECK(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT) == 16 * 1024);
        CHECK(option(IPPROTO_TCP, TCP_USER_TIMEOUT) == 42'000);
        CHECK(option(SOL_SOCKET, SO_SNDBUF) == 256 * 1024); // the kernel doubles what is asked for
        CHECK(option(SOL_SOCKET, SO_RCVBUF) == 64 * 1024);
    }
}

TEST_CASE("localhost is 127.0.0.1, and IPv6 leaves the same port of IPv4 alone") {
    CHECK(listen_on(tcp_endpoint{"localhost", 0}, 1, false).sockets.size() == 1);
    const auto six = listen_on(tcp_endpoint{"::1", 0}, 1, false);
    CHECK(six.address.starts_with("[::1]:"));
    const muster::tests::own_port port;
    const auto wide = listen_on(tcp_endpoint{"::", port.number()}, 1, false);
    CHECK(listen_on(tcp_endpoint{"0.0.0.0", port.number()}, 1, false).sockets.size() == 1);
}

TEST_CASE("a foreign address is an error") {
    CHECK(refusal_of(tcp_endpoint{"192.0.2.1", 0}).starts_with("cannot listen on 192.0.2.1:0: "));
    CHECK(refusal_of(tcp_endpoint{"example.org", 80}).starts_with("cannot listen on example.org:80: "));
}

TEST_CASE("a Unix socket's file goes with its listener, and a dead one's is replaced") {
    const muster::tests::temporary_directory f;
    const auto path = (f.path() / "s").string();
    {
        const auto made = listen_on(unix_endpoint{path}, 4, false);
        CHECK(made.sockets.size() == 1);
        CHECK(made.address == "unix:" + path);
        CHECK(std::filesystem::is_socket(path));
        CHECK(refusal_of(unix_endpoint{path}) == "cannot listen on unix:" + path + ": Address already in use");
        CHECK(std::filesystem::is_socket(path)); // the refused start left it alone
    }
    CHECK_FALSE(std::filesystem::exists(path));

    { // as a killed process leaves it
        const muster::server::unique_fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    CHECK(std::filesystem::is_socket(path));
    const auto made = listen_on(unix_endpoint{path}, 1, false);
    CHECK(made.sockets.size() == 1);
}

TEST_CASE("a file that is no socket is never removed") {
    const muster::tests::temporary_directory f;
    const auto path = f.path() / "precious";
    std::ofstream(path) << "data";
    CHECK(refusal_of(unix_endpoint{path.string()}) ==
          "cannot listen on unix:" + path.string() + ": the file exists and is no socket");
    CHECK(std::filesystem::is_regular_file(path));
}
