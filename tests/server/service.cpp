// tests of server/service, listener and connections: a loop's listeners over the real loopback.
#include "server/service.hpp"

#include "server/binding.hpp"
#include "tests/server/served.hpp"
#include "tests/support/own_port.hpp"
#include "tests/support/real_loops.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace muster;
using server::connection_gate;
using server::unique_fd;

namespace {

constexpr std::chrono::seconds patience = 1min; // with a busy machine

const std::string last_hello = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

struct house {
    explicit house(std::size_t places, std::size_t n = 2, int first_kept = std::numeric_limits<int>::max(),
                   std::size_t refusals = 4)
        : gate(places),
          refused(refusals),
          records(n),
          loops(n) {
        auto bound = server::listen_on(config::tcp_endpoint{"127.0.0.1", port}, n, false);
        for (std::size_t i = 0; i != n; ++i) {
            services.push_back(std::make_unique<server::service>(
                loops[i], server::service_parts{router, settings, gate, addresses, refused, memory, draining, log,
                                                first_kept, &records[i]}));
            const auto door = services.back()->add_door({.address = bound.address});
            services.back()->accept_on(door, std::move(bound.sockets[i]), {services.back().get()});
            services.back()->start();
        }
    }

    // The services outlive their tasks, the loops outlive the services.
    ~house() {
        stop();
        for (const auto& each : services) {
            until_live_on(each->home(), 1); // the watch over the clients ends by a cancel only
            each->home().cancel_all(concurrency::cancel_cause::shutdown);
            until_live_on(each->home(), 0);
        }
    }

    static void until_live_on(concurrency::loop& loop, std::uint64_t expected) {
        while (live_on(loop) != expected) {
            std::this_thread::yield();
        }
    }

    static std::uint64_t live_on(concurrency::loop& loop) {
        std::promise<std::uint64_t> live;
        loop.post([&] { live.set_value(loop.live_tasks()); });
        return live.get_future().get();
    }

    /// Of connections that were refused for `cause`, as the records tell.
    [[nodiscard]] int recorded_refusals(std::string_view cause = "too_many_connections") {
        int n = 0;
        for (std::size_t i = 0; i != services.size(); ++i) {
            std::promise<int> counted;
            services[i]->home().post([&] {
                counted.set_value(
                    static_cast<int>(std::ranges::count(records[i].all, cause, &server::request_record::cause)));
            });
            n += counted.get_future().get();
        }
        return n;
    }

    void stop() {
        draining = true;
        for (const auto& each : services) {
            std::promise<void> stopped;
            each->home().post([&] {
                each->stop_accepting();
                each->close_idle();
                stopped.set_value();
            });
            stopped.get_future().wait();
        }
    }

    [[nodiscard]] unique_fd connect() const {
        unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
        ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        return fd;
    }

    static std::string rest_of(const unique_fd& fd) {
        std::string all;
        std::array<char, 4096> piece;
        for (;;) {
            const auto n = ::recv(fd.get(), piece.data(), piece.size(), 0);
            if (n <= 0) {
                return n == 0 ? all : all + "<error>";
            }
            all.append(piece.data(), static_cast<std::size_t>(n));
        }
    }

    [[nodiscard]] std::string ask(const std::string& bytes) const {
        const auto fd = connect();
        ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return rest_of(fd);
    }

    // Nobody else's, also once the listeners have closed: a client is refused then, and not another test's guest.
    tests::own_port own;
    const std::uint16_t port = own.number();
    handlers::router router = tests::make_test_router();
    server::session_settings settings;
    connection_gate gate;
    server::address_gate addresses{1, {}}; // loopback is not counted
    connection_gate refused;
    server::client_buffers memory{1024 * 1024};
    std::atomic<bool> draining{false};
    std::vector<tests::kept_records> records; // of each loop
    spdlog::logger log{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
    tests::real_loops loops;
    std::vector<std::unique_ptr<server::service>> services;
};

} // namespace

TEST_CASE("connections are served on every loop of an address") {
    const house h(100);
    for (int i = 0; i != 40; ++i) {
        CHECK(h.ask(last_hello).ends_with("hello\n"));
    }
}

TEST_CASE("more connections than there are places are told so, and places come back") {
    house h(2);
    std::vector<unique_fd> open;
    for (int i = 0; i != 2; ++i) {
        open.push_back(h.connect());
        const std::string hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
        ::send(open.back().get(), hello.data(), hello.size(), MSG_NOSIGNAL);
        std::array<char, 1024> answer;
        CHECK(::recv(open.back().get(), answer.data(), answer.size(), 0) > 0);
    }
    const auto refused = h.ask(last_hello);
    CHECK(refused.starts_with("HTTP/1.1 503 "));
    CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
    CHECK(refused.find("Connection: close\r\n") != std::string::npos);
    CHECK(h.recorded_refusals() == 1);
    open.clear();
    std::string again;
    const auto limit = std::chrono::steady_clock::now() + patience;
    do { // the server hears of the ends in its own time
        again = h.ask(last_hello);
    } while (!again.ends_with("hello\n") && std::chrono::steady_clock::now() < limit);
    CHECK(again.ends_with("hello\n"));
}

TEST_CASE("a stop ends the listeners and the idle connections, and nothing is left") {
    house h(100);
    const auto idle = h.connect();
    CHECK(h.ask(last_hello).ends_with("hello\n"));
    h.stop();
    CHECK(house::rest_of(idle).empty());
    const auto limit = std::chrono::steady_clock::now() + patience;
    bool refused = false;
    while (!refused && std::chrono::steady_clock::now() < limit) {
        const unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(h.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        refused = ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0;
    }
    CHECK(refused);
}

TEST_CASE("a listener without descriptors waits and goes on") {
    const house h(100, 1);
    const auto client = h.connect();
    CHECK(h.ask(last_hello).ends_with("hello\n"));
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);

    const unique_fd late(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(late.get()); // below every descriptor to come
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(h.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int connected = ::connect(late.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::send(late.get(), last_hello.data(), last_hello.size(), MSG_NOSIGNAL);
    const timeval moment{.tv_sec = 0, .tv_usec = 200'000};
    ::setsockopt(late.get(), SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    char byte = 0;
    const auto early = ::recv(late.get(), &byte, 1, 0);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(connected == 0);
    CHECK(early == -1); // the kernel took the connection, the server could not

    const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    ::setsockopt(late.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    CHECK(house::rest_of(late).ends_with("hello\n"));
}

TEST_CASE("a connection that gets one of the last descriptors is refused at once") {
    house h(100, 1, 0); // all of them are the last
    const auto refused = h.ask(last_hello);
    CHECK(refused.starts_with("HTTP/1.1 503 "));
    CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
    CHECK(h.gate.open() == 0);
    CHECK(h.recorded_refusals("out_of_descriptors") == 1);
}

TEST_CASE("a connection is told 503 and recorded also when there is no place to be refused in") {
    house h(1, 1, std::numeric_limits<int>::max(), 0);
    const auto first = h.connect();
    const std::string hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    ::send(first.get(), hello.data(), hello.size(), MSG_NOSIGNAL);
    std::array<char, 1024> answer;
    CHECK(::recv(first.get(), answer.data(), answer.size(), 0) > 0);
    for (int i = 0; i != 3; ++i) {
        const auto refused = house::rest_of(h.connect()); // without a word: who sends may be reset here
        CHECK(refused.starts_with("HTTP/1.1 503 "));
        CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
    }
    CHECK(h.recorded_refusals() == 3);
}

TEST_CASE("who is refused in the middle of sending reads why, and is not reset") {
    house h(1, 1);
    const auto first = h.connect();
    const std::string hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    ::send(first.get(), hello.data(), hello.size(), MSG_NOSIGNAL);
    std::array<char, 1024> answer;
    CHECK(::recv(first.get(), answer.data(), answer.size(), 0) > 0);
    const std::string piece(8'000, 'x');
    bool in_time = false; // who still sends after two seconds is reset: a busy machine may have to try again
    for (int tries = 0; tries != 20 && !in_time; ++tries) {
        const auto began = std::chrono::steady_clock::now();
        const auto late = h.connect();
        char byte = 0;
        REQUIRE(::recv(late.get(), &byte, 1, MSG_PEEK) == 1); // it is answered already
        bool sent = true;
        for (int i = 0; i != 4; ++i) {
            const auto n = ::send(late.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
            sent = sent && n == static_cast<ssize_t>(piece.size());
            std::this_thread::yield();
        }
        ::shutdown(late.get(), SHUT_WR);
        if (std::chrono::steady_clock::now() - began < 1800ms) {
            in_time = true;
            CHECK(sent);
            const auto refused = house::rest_of(late);
            CHECK(refused.starts_with("HTTP/1.1 503 "));
            CHECK(refused.ends_with("}\n"));
            CHECK(refused.find("<error>") == std::string::npos);
        }
    }
    CHECK(in_time);
}

TEST_CASE("a service accepts until its listeners have closed, and whoever came before has a place then") {
    house h(100, 1);
    CHECK(h.services.front()->accepts());
    const auto early = h.connect();
    ::send(early.get(), last_hello.data(), last_hello.size(), MSG_NOSIGNAL);
    h.stop();
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (h.services.front()->accepts() && std::chrono::steady_clock::now() < limit) {
        std::this_thread::yield();
    }
    CHECK_FALSE(h.services.front()->accepts());
    CHECK(house::rest_of(early).ends_with("hello\n"));
}

TEST_CASE("the gate counts to its limit") {
    connection_gate gate(2);
    auto a = gate.enter();
    {
        const auto b = gate.enter();
        CHECK(b);
        CHECK_FALSE(gate.enter());
        CHECK(gate.open() == 2);
    }
    CHECK(gate.open() == 1);
    const auto moved = std::move(*a);
    CHECK(gate.open() == 1);
}
