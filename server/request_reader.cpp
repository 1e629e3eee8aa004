// server/: see request_reader.hpp.
#include "server/request_reader.hpp"

#include "concurrency/deadline.hpp"

#include <algorithm>

namespace muster::server {

using concurrency::task;

namespace {

// A head is held twice: as it came, and as fields. So is a body that is being copied out.
constexpr std::size_t copies = 2;
// Line ends behind a request that are nothing; more of them are for the parser to refuse.
constexpr int most_skipped = 8;

} // namespace

request_reader::request_reader(concurrency::loop& home, stream_socket& socket, const arrival_limits& limits,
                               client_memory& memory) noexcept
    : home_(home),
      socket_(socket),
      limits_(limits),
      held_(memory) {}

task<std::size_t> request_reader::first_bytes() {
    for (;;) {
        const auto [error] = co_await readable(socket_);
        if (error) {
            co_return 0;
        }
        const auto space = buffer_.prepare();
        if (const auto n = receive_now(socket_, space.data(), space.size())) {
            took(*n, space.size());
            co_return *n;
        }
    }
}

std::size_t request_reader::first_bytes_now() {
    const auto space = buffer_.prepare();
    const auto n = receive_now(socket_, space.data(), space.size()).value_or(0);
    took(n, space.size());
    return n;
}

void request_reader::begin() noexcept {
    began_ = home_.now();
    in_body_ = false;
    body_bytes_ = 0;
    skipped_ = 0;
}

task<request_reader::outcome> request_reader::read(request_parser& parser) {
    for (;;) {
        const auto step = parser.feed(buffer_.unread());
        buffer_.consume(step.consumed);
        if (!in_body_) { // what completes it is of the last bytes
            head_came_ = received_;
        }
        switch (step.what) {
        case request_parser::outcome::complete:
            co_return outcome::complete;
        case request_parser::outcome::failed:
            refusal_ = parser.failure();
            co_return outcome::refused;
        case request_parser::outcome::head:
            in_body_ = true;
            body_began_ = home_.now();
            body_bytes_ = buffer_.unread().size();
            if (parser.expects_continue() && buffer_.unread().empty()) { // not if the body comes already
                co_return outcome::continues;
            }
            continue;
        case request_parser::outcome::need_more:
            break;
        }
        if (!has_room(parser)) {
            refusal_ = {503, "requests that are still arriving hold as much memory as they may (--max-buffered)"};
            co_return outcome::refused;
        }
        const auto until = next_limit();
        bool late = false;
        std::size_t n = 0;
        const auto space = buffer_.prepare();
        try {
            n = co_await concurrency::with_deadline(until.at, receive(socket_, space.data(), space.size()));
        } catch (const concurrency::deadline_exceeded&) {
            late = true;
        }
        took(n, space.size());
        if (n != 0) {
            continue;
        }
        if (!parser.began()) {
            co_return outcome::ended;
        }
        refusal_ = late ? request_parser::failure_reason{408, until.why}
                        : request_parser::failure_reason{400, "the request ends too early"};
        co_return outcome::refused;
    }
}

void request_reader::rest() noexcept {
    buffer_.rest();
    if (!has_unread()) {
        (void)held_.hold(0); // less is always granted
    }
}

bool request_reader::skip_line_ends() noexcept {
    while (skipped_ != most_skipped && buffer_.unread().starts_with("\r\n")) {
        buffer_.consume(2);
        ++skipped_;
    }
    // The first half of one more is kept.
    return !has_unread() || (skipped_ != most_skipped && buffer_.unread() == "\r");
}

void request_reader::drop() noexcept {
    buffer_.consume(buffer_.unread().size());
    rest();
}

request_reader::limit request_reader::next_limit() const noexcept {
    const limit whole{concurrency::deadline_after(began_, limits_.whole), "the request did not arrive in time"};
    if (!in_body_) {
        const limit head{concurrency::deadline_after(began_, limits_.head),
                         "the request's head did not arrive in time"};
        return head.at < whole.at ? head : whole;
    }
    if (limits_.body_rate == 0) {
        return whole;
    }
    // The moment at which the average falls below the rate, if nothing more comes until then.
    const std::chrono::duration<double> bought(static_cast<double>(body_bytes_) /
                                               static_cast<double>(limits_.body_rate));
    const auto pause = std::min(std::chrono::duration<double>(limits_.body_grace) + bought,
                                std::chrono::duration<double>(limits_.whole)); // no overflow
    const limit slow{concurrency::deadline_after(body_began_, std::chrono::duration_cast<concurrency::duration>(pause)),
                     "the request's body arrives too slowly"};
    return slow.at < whole.at ? slow : whole;
}

bool request_reader::has_room(const request_parser& parser) noexcept {
    const auto buffer = buffer_.next_capacity();
    const auto larger = buffer > read_buffer::usual ? copies * buffer : 0;
    return held_.hold(larger + copies * parser.head().body.size());
}

void request_reader::took(std::size_t n, std::size_t space) noexcept {
    buffer_.commit(n);
    if (n != 0) {
        received_ = home_.now(); // the turn may have begun before they were sent, and no limit ends early
    }
    filled_up_ = n == space;
    if (in_body_) {
        body_bytes_ += n;
    }
}

} // namespace muster::server
