// tests of upstream/http_connector: several addresses of one source, some of which do not answer.
#include "upstream/http_connector.hpp"

#include "concurrency/deadline.hpp"
#include "tests/support/cut.hpp"
#include "tests/upstream/far_side.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <optional>
#include <vector>

using namespace std::chrono_literals;
using muster::concurrency::task;
using muster::tests::far_side;
using muster::tests::test_loop;
using muster::upstream::http_endpoint;
using muster::upstream::http_socket;

namespace {

http_endpoint at(std::uint16_t port) {
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), port);
}

/// Whose port is nobody's.
std::uint16_t nobody(test_loop& loop) {
    return far_side(loop).port();
}

struct attempt {
    attempt(test_loop& loop, std::vector<http_endpoint> addresses) : addresses_(std::move(addresses)) {
        loop.start(run());
    }

    task<void> run() {
        try {
            const auto socket = co_await muster::upstream::connect_to_one(addresses_);
            const auto there = socket.remote_endpoint();
            for (std::size_t i = 0; i != addresses_.size(); ++i) {
                if (there == addresses_[i]) {
                    which = i;
                }
            }
        } catch (const boost::system::system_error& e) {
            error = e.code();
        }
        ended = true;
    }

    std::optional<std::size_t> which;
    boost::system::error_code error;
    bool ended = false;

  private:
    std::vector<http_endpoint> addresses_;
};

} // namespace

TEST_CASE("the next address is tried at once when one refuses") {
    test_loop loop;
    far_side there(loop);
    attempt one(loop, {at(nobody(loop)), at(nobody(loop)), at(there.port())});
    loop.run_real([&] { return one.ended; });
    CHECK(one.which == 2);
    CHECK(loop.now() == 0ms);
}

TEST_CASE("the next address is tried beside one that does not answer, and the first to connect wins") {
    test_loop loop;
    far_side silent(loop, 0);
    silent.fill();
    far_side there(loop);
    attempt one(loop, {at(silent.port()), at(there.port())});
    loop.advance(249ms);
    CHECK_FALSE(one.ended);
    CHECK_FALSE(there.has_another());
    loop.advance(2ms);
    loop.run_real([&] { return one.ended; });
    CHECK(one.which == 1);
}

TEST_CASE("when every address refuses, the first one's reason is told") {
    test_loop loop;
    attempt one(loop, {at(nobody(loop)), at(nobody(loop))});
    loop.run_real([&] { return one.ended; });
    CHECK(one.error == boost::system::errc::connection_refused);
}

TEST_CASE("a race for a connection may be cut at any step, and leaves nothing") {
    test_loop outer;
    far_side silent(outer, 0);
    silent.fill();
    const std::vector addresses{at(silent.port()), at(silent.port()), at(silent.port())};
    const auto cuts = muster::tests::cut_at_every_step([&](test_loop&) -> task<void> {
        try {
            co_await muster::concurrency::with_timeout(1s, muster::upstream::connect_to_one(addresses));
        } catch (const muster::concurrency::deadline_exceeded&) {
        }
    });
    CHECK(cuts > 3);
}
