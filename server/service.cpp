// server/: see service.hpp.
#include "server/service.hpp"

#include "server/answer_bytes.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace muster::server {

service::entry::entry(service& owner, door d)
    : dispatch(owner.parts_.router, std::move(d), owner.ids_, owner.parts_.log),
      context{owner.parts_.settings, dispatch,       owner.open_,         owner.date_,
              owner.parts_.draining, owner.clients_, owner.parts_.records} {}

service::service(concurrency::loop& home, const service_parts& parts) : home_(home), parts_(parts), clients_(home) {}

std::size_t service::add_door(door d) {
    doors_.push_back(std::make_unique<entry>(*this, std::move(d)));
    return doors_.size() - 1;
}

void service::accept_on(std::size_t door, unique_fd listening, std::vector<service*> to) {
    auto receive = [this, door, to = std::move(to), next = std::size_t{0}](unique_fd socket, std::string peer) mutable {
        if (socket.get() >= parts_.first_kept) {
            refuse_at_once(door, socket, std::move(peer));
            return;
        }
        to[next++ % to.size()]->serve(door, std::move(socket), std::move(peer));
    };
    listeners_.push_back(std::make_unique<listener>(home_, std::move(listening), std::move(receive), parts_.log));
    addresses_.push_back(doors_[door]->dispatch.through().address);
}

void service::start() {
    home_.spawn("clients that leave", clients_.run());
    for (std::size_t i = 0; i != listeners_.size(); ++i) {
        home_.spawn(addresses_[i], listeners_[i]->run(), std::nullopt, concurrency::task_kind::listener);
    }
}

void service::serve(std::size_t door, unique_fd connected, std::string peer) {
    const auto& context = doors_[door]->context;
    if (auto place = parts_.gate.enter()) {
        home_.spawn("accepted", serve_connection(std::move(connected), std::move(*place), context), std::nullopt,
                    concurrency::task_kind::connection, std::move(peer));
    } else if (auto last = parts_.refused.enter()) {
        home_.spawn("refusing", refuse_connection(std::move(connected), std::move(*last), context), std::nullopt,
                    concurrency::task_kind::connection, std::move(peer));
    }
}

// Nothing may wait here: the descriptor is needed by others. A best effort to be heard.
void service::refuse_at_once(std::size_t door, const unique_fd& connected, std::string peer) {
    const auto result = doors_[door]->dispatch.refuse({}, 503, "the server has no more descriptors for connections");
    auto answer = *result.answer;
    answer.retry_after = std::chrono::seconds(1);
    std::string bytes;
    append_answer(bytes, answer, {.date = date_.now(), .request_id = result.request_id, .close = true});
    (void)::send(connected.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(connected.get(), SHUT_WR);
    std::array<char, 4096> scrap; // what is unread when it is closed resets the connection, and the answer is lost
    (void)::recv(connected.get(), scrap.data(), scrap.size(), MSG_DONTWAIT);
    if (parts_.records != nullptr) {
        parts_.records->add(record_of_refused_connection(std::move(peer), result.request_id));
    }
}

void service::stop_accepting() {
    for (const auto& each : listeners_) {
        each->stop();
    }
    open_.begin_closing();
}

bool service::accepts() const noexcept {
    return std::ranges::any_of(listeners_, [](const auto& each) { return each->accepts(); });
}

} // namespace muster::server
