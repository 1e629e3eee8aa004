// tests/fuzz: see wire.hpp. The functions of server/stream.hpp, over memory. Whoever adds one there adds it here, else
// the fuzzer does not link.
#include "tests/fuzz/wire.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "server/stream.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

namespace muster::fuzz {

namespace {

constexpr auto for_ever = std::chrono::hours(1000); // the caller's limit ends it

wire* connected = nullptr; // a session hands on nothing but its socket, which knows nobody

} // namespace

void connect_sessions(wire& other_end) noexcept {
    connected = &other_end;
}

} // namespace muster::fuzz

namespace muster::server {

using concurrency::task;
using fuzz::connected;
using fuzz::wire;

stream_socket adopt(concurrency::loop& home, unique_fd fd) {
    stream_socket socket(home.context());
    socket.assign(boost::asio::generic::stream_protocol(AF_UNIX, 0), fd.get());
    (void)fd.release();
    return socket;
}

task<std::size_t> receive(stream_socket& /*socket*/, char* into, std::size_t size) {
    auto& self = co_await concurrency::current_task();
    auto& from = *connected;
    fuzz::require(size != 0, "the session reads into no space");
    if (from.next == from.pieces.size()) {
        if (from.end == wire::ending::open) {
            co_await concurrency::sleep_for(fuzz::for_ever);
        }
        co_return 0;
    }
    const auto piece = from.pieces[from.next];
    if (const auto now = self.home().now(); from.began + piece.at > now) {
        co_await concurrency::sleep_for(from.began + piece.at - now);
    }
    const auto n = std::min(size, piece.bytes.size() - from.offset);
    std::memcpy(into, piece.bytes.data() + from.offset, n);
    from.offset += n;
    if (from.offset == piece.bytes.size()) {
        ++from.next;
        from.offset = 0;
    }
    co_return n;
}

task<bool> send(stream_socket& /*socket*/, std::string_view& unsent) {
    auto& self = co_await concurrency::current_task();
    auto& to = *connected;
    to.spoke = self.home().now();
    fuzz::require(!to.server_shut, "the session speaks after its end", unsent);
    auto n = unsent.size();
    if (to.end == wire::ending::breaks_off || to.end == wire::ending::never_reads) {
        n = std::min(n, to.takes - std::min(to.takes, to.heard.size()));
    }
    to.heard += unsent.substr(0, n);
    unsent.remove_prefix(n);
    if (!unsent.empty() && to.end == wire::ending::never_reads) {
        co_await concurrency::sleep_for(fuzz::for_ever);
    }
    co_return unsent.empty();
}

task<void> linger(stream_socket& socket, concurrency::duration limit) {
    const auto drain = [](stream_socket& from) -> task<void> {
        std::array<char, 2048> scrap{};
        while (co_await receive(from, scrap.data(), scrap.size()) != 0) {
        }
    };
    connected->server_shut = true;
    try {
        co_await concurrency::with_timeout(limit, drain(socket));
    } catch (const concurrency::deadline_exceeded&) { // long enough
    }
}

} // namespace muster::server
