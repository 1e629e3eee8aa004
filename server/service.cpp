// server/: see service.hpp.
#include "server/service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace muster::server {

service::entry::entry(service& owner, door d)
    : dispatch(owner.parts_.router, std::move(d), owner.ids_, owner.parts_.log, owner.parts_.explain),
      context{owner.parts_.settings, dispatch,       owner.open_,         owner.date_,
              owner.parts_.draining, owner.clients_, owner.parts_.memory, owner.parts_.records} {}

service::service(concurrency::loop& home, const service_parts& parts) : home_(home), parts_(parts), clients_(home) {}

std::size_t service::add_door(door d) {
    doors_.push_back(std::make_unique<entry>(*this, std::move(d)));
    return doors_.size() - 1;
}

void service::accept_on(std::size_t door, unique_fd listening, std::vector<service*> to) {
    auto receive = [this, door, to = std::move(to), next = std::size_t{0}](unique_fd socket, remote from) mutable {
        take_in(door, std::move(socket), std::move(from), *to[next++ % to.size()]);
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

// The gates are everybody's; who is refused stays on this loop.
void service::take_in(std::size_t door, unique_fd connected, remote from, service& to) {
    if (connected.get() >= parts_.first_kept) { // others need it: nothing may wait with it
        refuse_at_once(std::move(connected), doors_[door]->context, refused_for::descriptors, std::move(from.name));
        return;
    }
    auto of_address = parts_.addresses.enter(from.address);
    if (!of_address) {
        if (parts_.addresses.to_be_told(
                home_.now())) { // a balancer's operator has to find out why all its clients fail
            parts_.log.warn("{} is refused: an address may have {} connections (--max-connections-per-address), and it "
                            "has as many; if many clients come by it, name it in --trusted-proxies",
                            from.address ? config::to_string(*from.address) : from.name, parts_.addresses.limit());
        }
        refuse(door, std::move(connected), refused_for::connections_of_address, std::move(from.name));
        return;
    }
    auto of_all = parts_.gate.enter();
    if (!of_all) {
        refuse(door, std::move(connected), refused_for::connections, std::move(from.name));
        return;
    }
    to.serve(door, std::move(connected), {std::move(*of_all), std::move(*of_address)}, std::move(from.name));
}

// Safe from every thread.
void service::serve(std::size_t door, unique_fd connected, admission place, std::string peer) {
    home_.spawn("accepted", serve_connection(std::move(connected), std::move(place), doors_[door]->context),
                std::nullopt, concurrency::task_kind::connection, std::move(peer));
}

void service::refuse(std::size_t door, unique_fd connected, refused_for why, std::string peer) {
    const auto& context = doors_[door]->context;
    if (auto last = parts_.refused.enter()) {
        home_.spawn("refusing", refuse_connection(std::move(connected), std::move(*last), context, why), std::nullopt,
                    concurrency::task_kind::connection, std::move(peer));
    } else {
        refuse_at_once(std::move(connected), context, why, std::move(peer));
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
