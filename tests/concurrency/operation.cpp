// tests of concurrency/operation.hpp: sockets awaited, cut in the middle, and not a byte lost.
#include "concurrency/operation.hpp"
#include "concurrency/deadline.hpp"
#include "tests/support/cut.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <string>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::cut_at_every_step;
using muster::tests::test_loop;
namespace asio = boost::asio;

namespace {

using local_socket = asio::basic_stream_socket<asio::local::stream_protocol, deferred_executor>;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, deferred_executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, deferred_executor>;

struct pair {
    explicit pair(test_loop& loop) : a(loop.get().context()), b(loop.get().context()) {
        asio::local::connect_pair(a, b);
    }

    local_socket a;
    local_socket b;
};

} // namespace

TEST_CASE("an operation's error is thrown, and with as_tuple it is a value") {
    test_loop loop;
    const auto body = [&]() -> task<void> {
        pair p(loop);
        p.b.close();
        char byte = 0;
        bool thrown = false;
        try {
            co_await p.a.async_read_some(asio::buffer(&byte, 1));
        } catch (const boost::system::system_error& e) {
            thrown = e.code() == asio::error::eof;
        }
        CHECK(thrown);
        const auto [error, n] = co_await p.a.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::deferred));
        CHECK(error == asio::error::eof);
        CHECK(n == 0);
    };
    loop.run(body());
}

TEST_CASE("a cancelled read throws the cancel, also with as_tuple") {
    test_loop loop;
    const auto reads = [](local_socket& s) -> task<void> {
        char byte = 0;
        co_await s.async_read_some(asio::buffer(&byte, 1), asio::as_tuple(asio::deferred));
    };
    const auto body = [&]() -> task<void> {
        pair p(loop);
        co_await with_timeout(1s, reads(p.a));
    };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
}

TEST_CASE("invariant 10: unread bytes survive a cancelled read") {
    test_loop loop;
    const auto reads = [](local_socket& s, std::string& into, std::size_t n) -> task<void> {
        std::string buffer(n, '\0');
        co_await asio::async_read(s, asio::buffer(buffer));
        into += buffer;
    };
    const auto body = [&]() -> task<std::string> {
        pair p(loop);
        std::string got;
        bool cut = false;
        try {
            co_await with_timeout(1s, reads(p.a, got, 4));
        } catch (const deadline_exceeded&) {
            cut = true;
        }
        CHECK(cut);
        co_await asio::async_write(p.b, asio::buffer("GET / and pipelined", 19));
        co_await reads(p.a, got, 19);
        co_return got;
    };
    CHECK(loop.run(body()) == "GET / and pipelined");
}

TEST_CASE("a scenario of connect, write and read, cut at every step, leaves no task and no handler behind") {
    const int cuts = cut_at_every_step([](test_loop& loop) -> task<void> {
        tcp_acceptor acceptor(loop.get().context(), asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
        tcp_socket client(loop.get().context());
        tcp_socket server(loop.get().context());
        co_await client.async_connect(acceptor.local_endpoint());
        co_await acceptor.async_accept(server);
        co_await asio::async_write(client, asio::buffer("ping", 4));
        std::string buffer(4, '\0');
        co_await asio::async_read(server, asio::buffer(buffer));
        CHECK(buffer == "ping");
        co_await asio::async_write(server, asio::buffer("pong", 4));
        co_await asio::async_read(client, asio::buffer(buffer));
        CHECK(buffer == "pong");
    });
    CHECK(cuts >= 6);
}

TEST_CASE("a write larger than the socket's buffer is cut in the middle") {
    test_loop loop;
    const std::string large(8'000'000, 'x');
    const auto writes = [&](local_socket& s) -> task<void> { co_await asio::async_write(s, asio::buffer(large)); };
    const auto body = [&]() -> task<void> {
        pair p(loop);
        p.a.set_option(asio::socket_base::send_buffer_size(65'536)); // whatever this machine gives by itself
        co_await with_timeout(1s, writes(p.a));
    };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
}

TEST_CASE("a cancel that comes while an operation is being started reaches it") {
    test_loop loop;
    const auto body = [&]() -> task<void> {
        cancel_scope& scope = co_await current_scope();
        pair p(loop);
        char byte = 0;
        // Starting it cancels its own scope first, when nobody can hear yet.
        co_await asio::async_initiate<const asio::deferred_t, void(boost::system::error_code, std::size_t)>(
            [&scope, &p](auto handler, char* into) {
                scope.cancel(cancel_cause::requested);
                p.a.async_read_some(asio::buffer(into, 1), std::move(handler));
            },
            asio::deferred, &byte);
    };
    CHECK_THROWS_AS(loop.run(body()), cancelled);
    CHECK(loop.now() == 0ms);
}
