// server/: see refusal.hpp.
#include "server/refusal.hpp"

#include "concurrency/deadline.hpp"
#include "server/answer_bytes.hpp"
#include "server/stream.hpp"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace muster::server {

namespace {

using namespace std::chrono_literals;

struct words {
    std::string_view detail; // for the client
    std::string_view cause;  // for the access log
};

words words_for(refused_for why) noexcept {
    switch (why) {
    case refused_for::connections_of_address:
        return {"your address has as many connections as this server takes from one (--max-connections-per-address)",
                "too_many_connections_of_address"};
    case refused_for::descriptors:
        return {"the server has no more descriptors for connections", "out_of_descriptors"};
    case refused_for::connections:
        break;
    }
    return {"the server has as many connections as it takes (--max-connections)", "too_many_connections"};
}

// The bytes to send; the record is written. On the loop's thread.
std::string answer_to(std::string peer, const session_context& context, refused_for why) {
    const auto said = words_for(why);
    auto refused = context.dispatch.refuse({}, 503, std::string(said.detail));
    refused.answer->retry_after = 1s;
    std::string bytes;
    append_answer(bytes, *refused.answer,
                  {.date = context.date.now(), .request_id = refused.request_id, .close = true});
    if (context.records != nullptr) {
        context.records->add(record_of_refused_connection(std::move(peer), std::move(refused.request_id), said.cause));
    }
    return bytes;
}

} // namespace

concurrency::task<void> refuse_connection(unique_fd connected, connection_gate::place /*place*/,
                                          const session_context& context, refused_for why) {
    auto& self = co_await concurrency::current_task();
    self.relabel("refusing", self.label().ref);
    auto socket = adopt(self.home(), std::move(connected));
    const std::string bytes = answer_to(std::string(self.label().ref), context, why);
    std::string_view unsent = bytes;
    try {
        if (co_await concurrency::with_timeout(1s, send(socket, unsent))) {
            co_await linger(socket);
        }
    } catch (const concurrency::deadline_exceeded&) { // it does not read: there is nothing more to say
    }
}

void refuse_at_once(unique_fd connected, const session_context& context, refused_for why, std::string peer) {
    const std::string bytes = answer_to(std::move(peer), context, why);
    (void)::send(connected.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(connected.get(), SHUT_WR);
    // What is unread when it is closed resets the connection, and the answer may be lost.
    std::array<char, 4096> scrap;
    for (int i = 0; i != 16 && ::recv(connected.get(), scrap.data(), scrap.size(), MSG_DONTWAIT) > 0; ++i) {
    }
}

} // namespace muster::server
