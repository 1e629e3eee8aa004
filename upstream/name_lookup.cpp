// upstream/: see name_lookup.hpp.
#include "upstream/name_lookup.hpp"

#include <boost/asio/ip/address.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace muster::upstream {

namespace ip = boost::asio::ip;

namespace {

std::optional<ip::tcp::endpoint> endpoint_of(const addrinfo& found) {
    ip::tcp::endpoint made;
    if ((found.ai_family != AF_INET && found.ai_family != AF_INET6) || found.ai_addrlen > made.capacity()) {
        return std::nullopt;
    }
    std::memcpy(made.data(), found.ai_addr, found.ai_addrlen);
    made.resize(found.ai_addrlen);
    return made;
}

} // namespace

std::optional<looked_up> numeric_host(const std::string& host, std::uint16_t port) {
    boost::system::error_code error;
    const auto address = ip::make_address(host, error);
    if (error) {
        return std::nullopt;
    }
    return looked_up{.addresses = {{address, port}}, .error = {}, .at = {}};
}

std::vector<ip::tcp::endpoint> interleaved(const std::vector<ip::tcp::endpoint>& addresses) {
    std::vector<ip::tcp::endpoint> first;
    std::vector<ip::tcp::endpoint> second;
    for (const auto& each : addresses) {
        (each.protocol() == addresses.front().protocol() ? first : second).push_back(each);
    }
    std::vector<ip::tcp::endpoint> mixed;
    for (std::size_t i = 0; i < first.size() || i < second.size(); ++i) {
        for (const auto* family : {&first, &second}) {
            if (i < family->size()) {
                mixed.push_back((*family)[i]);
            }
        }
    }
    return mixed;
}

looked_up ask_system(const std::string& host, std::uint16_t port) {
    looked_up result;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0) {
        result.error = error == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(error);
    } else {
        const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
        for (const auto* each = found; each != nullptr; each = each->ai_next) {
            if (auto endpoint = endpoint_of(*each)) {
                result.addresses.push_back(*endpoint);
            }
        }
        if (result.addresses.empty()) {
            result.error = "it has no address of IPv4 or IPv6";
        }
    }
    result.at = concurrency::clock::now();
    return result;
}

struct name_lookup::state {
    std::mutex mutex; // held while `told` runs: then the owner still stands
    tell told;        // empty: the owner is gone
    bool under_way = false;

    // Nothing is thrown: who waits for an answer that could not be told has a limit of its own, and asks again.
    void answer(looked_up found) noexcept {
        const std::lock_guard lock(mutex);
        under_way = false;
        if (told) {
            try {
                told(std::make_shared<const looked_up>(std::move(found)));
            } catch (const std::exception&) { // no memory
            }
        }
    }

    void gave_up() noexcept {
        const std::lock_guard lock(mutex);
        under_way = false;
    }
};

name_lookup::name_lookup(std::string host, std::uint16_t port, tell told, ask how)
    : host_(std::move(host)),
      port_(port),
      how_(std::move(how)),
      state_(std::make_shared<state>()) {
    state_->told = std::move(told);
}

name_lookup::~name_lookup() {
    const std::lock_guard lock(state_->mutex);
    state_->told = nullptr;
}

void name_lookup::start() {
    {
        const std::lock_guard lock(state_->mutex);
        if (std::exchange(state_->under_way, true)) {
            return;
        }
    }
    try {
        std::thread([shared = state_, host = host_, port = port_, how = how_] {
            looked_up found;
            try {
                found = how(host, port);
            } catch (const std::exception& error) {
                found.error = error.what();
            }
            shared->answer(std::move(found));
        }).detach();
    } catch (const std::system_error& error) { // no thread to be had
        state_->answer({.addresses = {}, .error = error.what(), .at = concurrency::clock::now()});
    } catch (...) {
        state_->gave_up();
        throw;
    }
}

} // namespace muster::upstream
