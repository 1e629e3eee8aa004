// tests of server/client_watch: who is told, over real TCP connections, and that a slot's next owner is not.
#include "server/client_watch.hpp"

#include "concurrency/deadline.hpp"
#include "server/unique_fd.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;
using namespace muster;
using server::client;
using server::client_watch;
using server::unique_fd;
using server::watched_clients;

namespace {

concurrency::task<void> sleeps(concurrency::duration d) {
    co_await concurrency::sleep_for(d);
}

struct tcp_pair {
    tcp_pair() {
        const unique_fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        auto* address = reinterpret_cast<sockaddr*>(&where);
        REQUIRE(::bind(listening.get(), address, size) == 0);
        REQUIRE(::listen(listening.get(), 1) == 0);
        REQUIRE(::getsockname(listening.get(), address, &size) == 0);
        theirs.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        REQUIRE(::connect(theirs.get(), address, size) == 0);
        ours.reset(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        REQUIRE(ours);
    }

    void says(std::string_view text) const {
        REQUIRE(::send(theirs.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    }

    /// Says `text` and ends its side. Whether in one breath: a thread that is held up between the two is, by the
    /// kernel's clock, somebody who has left.
    [[nodiscard]] bool says_all(std::string_view text) const {
        const auto began = std::chrono::steady_clock::now();
        says(text);
        ::shutdown(theirs.get(), SHUT_WR);
        return std::chrono::steady_clock::now() - began < client_watch::right_behind / 2; // that clock ticks coarsely
    }

    void resets() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(theirs.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        theirs.reset();
    }

    unique_fd theirs;
    unique_fd ours;
};

struct watching {
    watching() {
        loop.get().spawn("clients that leave", watch.run());
        loop.settle();
    }

    ~watching() {
        loop.get().cancel_all(concurrency::cancel_cause::shutdown);
        loop.run_real([this] { return loop.get().live_tasks() == 0; });
    }

    watching(const watching&) = delete;
    watching& operator=(const watching&) = delete;

    void until(const client& who, client::state expected) {
        loop.run_real([&] { return who.now() != client::state::there; });
        CHECK(who.now() == expected);
    }

    tests::test_loop loop;
    client_watch watch{loop.get()};
};

/// Until the machine has let `attempt` be in time once: it has shown nothing before.
void until_in_time(const std::function<bool()>& attempt) {
    for (int i = 0; i != 100; ++i) {
        if (attempt()) {
            return;
        }
    }
    FAIL("this machine never does two things in one breath");
}

} // namespace

TEST_CASE("a number of somebody who is watched no more finds nobody, whoever has the slot now") {
    watched_clients all;
    client a;
    client b;
    const auto first = all.add(a, 1);
    CHECK(all.find(first).who == &a);
    all.remove(first);
    CHECK(all.find(first).who == nullptr);
    const auto second = all.add(b, 2);
    CHECK(static_cast<std::uint32_t>(second) == static_cast<std::uint32_t>(first)); // the same slot
    CHECK(all.find(first).who == nullptr);
    CHECK(all.find(second).who == &b);
    CHECK(all.find(second).descriptor == 2);
    CHECK(all.find(second + 1).who == nullptr); // a slot that never was
}

TEST_CASE("who ends its side right behind its last byte has said all, unread or not") {
    watching w;
    until_in_time([&] {
        tcp_pair pair;
        client who;
        const client_watch::registration watched(w.watch, who, pair.ours.get());
        if (!pair.says_all("GET / HTTP/1.1\r\n\r\n")) {
            return false;
        }
        w.until(who, client::state::said_all);
        char read[64];
        CHECK(::recv(pair.ours.get(), read, sizeof read, 0) == 18); // nothing was taken away
        pair.resets();
        w.loop.run_real([&] { return who.is_gone(); });
        return true;
    });
}

TEST_CASE("what a client did before it was watched is seen, however late") {
    watching w;
    until_in_time([&] {
        tcp_pair pair;
        if (!pair.says_all("GET / HTTP/1.1\r\n\r\n")) {
            return false;
        }
        std::this_thread::sleep_for(120ms); // the kernel's clock: it is no other test's
        client who;
        const client_watch::registration watched(w.watch, who, pair.ours.get());
        w.until(who, client::state::said_all);
        return true;
    });
}

TEST_CASE("who ends its side long after its last byte has left") {
    watching w;
    tcp_pair pair;
    client who;
    const client_watch::registration watched(w.watch, who, pair.ours.get());
    pair.says("GET / HTTP/1.1\r\n\r\n");
    std::this_thread::sleep_for(120ms); // the kernel's clock: it is no other test's
    ::shutdown(pair.theirs.get(), SHUT_WR);
    w.until(who, client::state::gone);
}

TEST_CASE("an answer that is acknowledged after the client has said all makes no leaver of it") {
    watching w;
    tcp_pair pair;
    pair.says("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    ::shutdown(pair.theirs.get(), SHUT_WR);
    std::this_thread::sleep_for(120ms); // the kernel's clock: it is no other test's
    REQUIRE(::send(pair.ours.get(), "first", 5, MSG_NOSIGNAL) == 5);
    char read[64];
    CHECK(::recv(pair.theirs.get(), read, sizeof read, 0) == 5);
    client who;
    const client_watch::registration watched(w.watch, who, pair.ours.get());
    w.until(who, client::state::said_all);
}

TEST_CASE("who ends its side long after an answer, with another request open, has left") {
    watching w;
    tcp_pair pair;
    client who;
    const client_watch::registration watched(w.watch, who, pair.ours.get());
    pair.says("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    REQUIRE(::send(pair.ours.get(), "first", 5, MSG_NOSIGNAL) == 5);
    std::this_thread::sleep_for(120ms); // the kernel's clock: it is no other test's
    ::shutdown(pair.theirs.get(), SHUT_WR);
    w.until(who, client::state::gone);
}

TEST_CASE("who resets the connection has left, at any time, and the work for it is cancelled") {
    watching w;
    tcp_pair pair;
    client who;
    const client_watch::registration watched(w.watch, who, pair.ours.get());
    pair.says("GET / HTTP/1.1\r\n\r\n");
    pair.resets();
    w.until(who, client::state::gone);
}

TEST_CASE("work for a client that has left is cancelled at its first await, and work that is over is left alone") {
    client who;
    {
        concurrency::cancel_source over;
        const client::working working(who, over);
    }
    who.has_gone();
    tests::test_loop loop;
    concurrency::cancel_source late;
    const auto body = [&]() -> concurrency::task<void> {
        const client::working working(who, late);
        co_await concurrency::with_timeout(5s, sleeps(1s), nullptr, &late);
    };
    CHECK_THROWS_AS(loop.run(body()), concurrency::cancelled);
    CHECK(loop.now() == 0ms);
}
