// server/: see service.hpp.
#include "server/service.hpp"

#include <algorithm>
#include <utility>

namespace muster::server {

service::entry::entry(service& owner, door d)
    : dispatch(owner.parts_.router, std::move(d), owner.ids_, owner.parts_.log),
      context{owner.parts_.settings, dispatch, owner.open_, owner.date_, owner.parts_.draining} {}

service::service(concurrency::loop& home, const service_parts& parts) : home_(home), parts_(parts) {}

std::size_t service::add_door(door d) {
    doors_.push_back(std::make_unique<entry>(*this, std::move(d)));
    return doors_.size() - 1;
}

void service::accept_on(std::size_t door, unique_fd listening, std::vector<service*> to) {
    auto receive = [door, to = std::move(to), next = std::size_t{0}](unique_fd socket, std::string peer) mutable {
        to[next++ % to.size()]->serve(door, std::move(socket), std::move(peer));
    };
    listeners_.push_back(std::make_unique<listener>(home_, std::move(listening), std::move(receive), parts_.log));
    addresses_.push_back(doors_[door]->dispatch.through().address);
}

void service::start() {
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

void service::stop_accepting() {
    for (const auto& each : listeners_) {
        each->stop();
    }
    open_.close_idle();
}

bool service::accepts() const noexcept {
    return std::ranges::any_of(listeners_, [](const auto& each) { return each->accepts(); });
}

} // namespace muster::server
