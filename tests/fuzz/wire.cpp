// tests/fuzz: see wire.hpp. The functions of server/stream.hpp, over memory. Whoever adds one there adds it here, else
// the fuzzer does not link.
#include "tests/fuzz/wire.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "server/stream.hpp"
#include "tests/fuzz/check.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <optional>

namespace muster::fuzz {

namespace {

constexpr auto for_ever = std::chrono::hours(1000); // the caller's limit ends it

// What the sessions talk to: a session hands on nothing but its socket, which knows nobody.
struct connection {
    wire* other_end = nullptr;
    int far_side = -1;
    int near_side = -1;
    concurrency::loop* home = nullptr;
    bool readable = false; // a byte stands in the socket
};

connection connected;

bool has_come(const wire& from, concurrency::time_point now) {
    const auto due = from.next_due();
    return due && *due <= now;
}

// Of what has come, at most `size` bytes.
std::size_t take(wire& from, char* into, std::size_t size, concurrency::time_point now) {
    if (from.next == from.pieces.size()) {
        return 0;
    }
    const auto piece = from.pieces[from.next];
    const auto n = std::min(size, piece.bytes.size() - from.offset);
    std::memcpy(into, piece.bytes.data() + from.offset, n);
    from.offset += n;
    if (from.offset == piece.bytes.size()) {
        ++from.next;
        from.offset = 0;
    }
    let_arrive(now);
    return n;
}

// As much as the client takes.
void give(wire& to, std::string_view& unsent, concurrency::time_point now) {
    require(!to.server_shut, "the session speaks after its end", unsent);
    auto n = unsent.size();
    if (to.end == wire::ending::breaks_off || to.end == wire::ending::never_reads) {
        n = std::min(n, to.takes - std::min(to.takes, to.heard.size()));
    }
    to.spoke = now;
    to.heard += unsent.substr(0, n);
    unsent.remove_prefix(n);
}

} // namespace

std::optional<concurrency::time_point> wire::next_due() const {
    if (next != pieces.size()) {
        return began + pieces[next].at;
    }
    return end == ending::open ? std::nullopt : std::optional(began); // its end stands behind its last byte
}

void connect_sessions(wire& other_end, int far_side, int near_side) {
    connected.other_end = &other_end;
    connected.far_side = far_side;
    connected.near_side = near_side;
    let_arrive(other_end.began);
}

void let_arrive(concurrency::time_point now) {
    const bool something = has_come(*connected.other_end, now);
    if (something == connected.readable) {
        return;
    }
    char byte = 'x';
    require((something ? ::send(connected.far_side, &byte, 1, MSG_DONTWAIT)
                       : ::recv(connected.near_side, &byte, 1, MSG_DONTWAIT)) == 1,
            "the socket pair does not do as it should");
    connected.readable = something;
}

} // namespace muster::fuzz

namespace muster::server {

using concurrency::task;
using fuzz::connected;
using fuzz::wire;

stream_socket adopt(concurrency::loop& home, unique_fd fd) {
    connected.home = &home;
    stream_socket socket(home.context());
    socket.assign(boost::asio::generic::stream_protocol(AF_UNIX, 0), fd.get());
    (void)fd.release();
    return socket;
}

task<std::size_t> receive(stream_socket& /*socket*/, char* into, std::size_t size) {
    auto& self = co_await concurrency::current_task();
    auto& from = *connected.other_end;
    fuzz::require(size != 0, "the session reads into no space");
    if (const auto due = from.next_due(); !due) {
        co_await concurrency::sleep_for(fuzz::for_ever);
        co_return 0;
    } else if (const auto now = self.home().now(); *due > now) {
        co_await concurrency::sleep_for(*due - now);
    }
    co_return fuzz::take(from, into, size, self.home().now());
}

std::optional<std::size_t> receive_now(stream_socket& /*socket*/, char* into, std::size_t size) noexcept {
    auto& from = *connected.other_end;
    const auto now = connected.home->now();
    return fuzz::has_come(from, now) ? std::optional(fuzz::take(from, into, size, now)) : std::nullopt;
}

bool send_now(stream_socket& /*socket*/, std::string_view& unsent) noexcept {
    fuzz::give(*connected.other_end, unsent, connected.home->now());
    return unsent.empty() || connected.other_end->end == wire::ending::never_reads;
}

task<bool> send(stream_socket& socket, std::string_view& unsent) {
    if (send_now(socket, unsent) && !unsent.empty()) {
        co_await concurrency::sleep_for(fuzz::for_ever);
    }
    co_return unsent.empty();
}

void reset_when_closed(stream_socket& /*socket*/) noexcept {
    connected.other_end->reset = true;
}

task<void> linger(stream_socket& socket, concurrency::duration limit, concurrency::duration /*longest*/) {
    const auto drain = [](stream_socket& from) -> task<void> {
        std::array<char, 2048> scrap{};
        while (co_await receive(from, scrap.data(), scrap.size()) != 0) {
        }
    };
    connected.other_end->server_shut = true;
    try {
        co_await concurrency::with_timeout(limit, drain(socket));
    } catch (const concurrency::deadline_exceeded&) { // long enough
    }
}

void leave_now(stream_socket& /*socket*/) noexcept {
    connected.other_end->server_shut = true;
}

} // namespace muster::server
