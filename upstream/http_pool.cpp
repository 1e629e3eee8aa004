// upstream/: see http_pool.hpp.
#include "upstream/http_pool.hpp"

#include "concurrency/check.hpp"
#include "concurrency/deadline.hpp"
#include "upstream/errors.hpp"
#include "upstream/http_connector.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>

namespace muster::upstream {

using concurrency::task;

http_lease::~http_lease() {
    if (lane_ != nullptr) {
        reset_when_closed(socket_);
        close();
    }
}

void http_lease::keep(std::optional<std::chrono::seconds> hint) noexcept {
    std::exchange(lane_, nullptr)->keep(std::move(socket_), hint);
}

void http_lease::close() noexcept {
    boost::system::error_code ignored;
    socket_.close(ignored);
    std::exchange(lane_, nullptr)->pool_.count_one_less();
}

http_lane::http_lane(http_pool& pool, concurrency::loop& home)
    : pool_(pool),
      home_(home),
      scratch_(std::make_unique<std::array<char, piece>>()),
      book_(pool.settings_.name, [&pool] { pool.lookup_->start(); }) {}

http_lane::~http_lane() = default;

std::optional<http_lease> http_lane::take_idle() noexcept {
    while (!resting_.empty()) {
        auto socket = std::move(resting_.back().socket);
        const bool fresh = resting_.back().until > home_.cached_now();
        resting_.pop_back();
        idle_count_.fetch_sub(1, std::memory_order_relaxed);
        pool_.idle_.fetch_sub(1, std::memory_order_relaxed);
        if (fresh && at_rest(socket)) {
            return http_lease(*this, std::move(socket), true);
        }
        pool_.count_one_less();
    }
    return std::nullopt;
}

void http_lane::keep(http_socket socket, std::optional<std::chrono::seconds> hint) noexcept {
    const auto& settings = pool_.settings_;
    concurrency::duration rests = settings.idle_timeout;
    if (hint) { // a second before the other side means to close it
        rests = std::min<concurrency::duration>(rests, *hint - std::chrono::seconds(1));
    }
    // Closed in order: nothing is under way on it.
    if (rests <= concurrency::duration::zero() || pool_.open() > settings.connections) {
        pool_.count_one_less();
        return;
    }
    if (pool_.idle_.fetch_add(1, std::memory_order_relaxed) >= settings.idle) {
        pool_.idle_.fetch_sub(1, std::memory_order_relaxed);
        pool_.count_one_less();
        return;
    }
    const auto until = concurrency::deadline_after(home_.cached_now(), rests);
    resting_.push_back({std::move(socket), until});
    idle_count_.fetch_add(1, std::memory_order_relaxed);
    if (!armed()) {
        home_.arm(*this, until);
    }
}

void http_lane::drop_oldest() noexcept {
    resting_.erase(resting_.begin());
    idle_count_.fetch_sub(1, std::memory_order_relaxed);
    pool_.idle_.fetch_sub(1, std::memory_order_relaxed);
    pool_.count_one_less();
}

void http_lane::close_oldest() noexcept {
    if (!resting_.empty()) {
        drop_oldest();
    }
}

void http_lane::expire() noexcept {
    const auto now = home_.now();
    for (auto each = resting_.begin(); each != resting_.end();) {
        if (each->until <= now) {
            std::rotate(resting_.begin(), each, each + 1);
            drop_oldest();
            each = resting_.begin();
        } else {
            ++each;
        }
    }
    rearm();
}

void http_lane::rearm() noexcept {
    if (!resting_.empty()) {
        home_.arm(*this, std::ranges::min_element(resting_, {}, &resting::until)->until);
    }
}

task<http_socket> http_lane::connect(unsigned attempt) {
    if (!pool_.fixed_.empty()) {
        co_return co_await connect_to_one(pool_.fixed_);
    }
    const auto known = co_await book_.get();
    if (known->addresses.empty()) {
        throw source_failed(pool_.settings_.name,
                            "the name " + pool_.settings_.origin.host + " has no address: " + known->error,
                            failure::unresolved, {.attempts = attempt});
    }
    const std::vector<http_endpoint> addresses(known->addresses.begin(), known->addresses.end());
    co_return co_await connect_to_one(addresses);
}

task<http_lease> http_lane::open(unsigned attempt) {
    /// Counted from before the first attempt: many at once would else all find room.
    struct place {
        http_pool& pool;
        bool taken = true;

        ~place() {
            if (taken) {
                pool.count_one_less();
            }
        }
    };

    pool_.count_one_more(*this);
    place counted{pool_};
    try {
        auto socket = co_await concurrency::with_timeout(pool_.settings_.connect, connect(attempt));
        counted.taken = false;
        co_return http_lease(*this, std::move(socket), false);
    } catch (const concurrency::deadline_exceeded&) {
        throw source_failed(pool_.settings_.name, "no connection came about in time", failure::connect_timeout,
                            {.attempts = attempt});
    } catch (const boost::system::system_error& error) {
        throw source_failed(pool_.settings_.name, "no connection: " + error.code().message(), failure::unreachable,
                            {.attempts = attempt});
    }
}

http_pool::http_pool(const http_settings& settings, const std::vector<concurrency::loop*>& loops, reporter report,
                     name_lookup::ask ask)
    : settings_(settings),
      report_(std::move(report)),
      slots_(settings.name, loops, static_cast<std::int64_t>(settings.connections), settings.queue) {
    const auto& origin = settings_.origin;
    for (auto* each : loops) {
        lanes_.push_back(std::make_unique<http_lane>(*this, *each));
    }
    if (!origin.unix_path.empty()) {
        fixed_.push_back(unix_endpoint(origin.unix_path));
    } else if (const auto number = numeric_host(origin.host, origin.port)) {
        fixed_.assign(number->addresses.begin(), number->addresses.end());
    } else {
        lookup_ = std::make_unique<name_lookup>(
            origin.host, origin.port, [this](const std::shared_ptr<const looked_up>& found) { learn(found); },
            std::move(ask));
        lookup_->start();
    }
}

http_pool::~http_pool() = default;

http_lane& http_pool::of(const concurrency::loop& home) noexcept {
    const auto found = std::ranges::find_if(lanes_, [&home](const auto& lane) { return &lane->home() == &home; });
    MUSTER_INVARIANT(found != lanes_.end(), "a source is asked from its own loops only");
    return **found;
}

void http_pool::count_one_more(http_lane& for_whom) {
    if (open_.fetch_add(1, std::memory_order_relaxed) < settings_.connections) {
        return;
    }
    // All in use have their permit, so at least one is at rest somewhere (or about to be closed): its place is ours.
    if (for_whom.idle() != 0) {
        for_whom.close_oldest();
        return;
    }
    const auto rests = std::ranges::find_if(lanes_, [](const auto& lane) { return lane->idle() != 0; });
    if (rests != lanes_.end()) {
        (*rests)->home().post([&lane = **rests] { lane.close_oldest(); });
    }
}

// On the lookup's thread, one at a time.
void http_pool::learn(const std::shared_ptr<const looked_up>& found) {
    const bool failed = found->addresses.empty();
    if (failed != failing_ && report_) {
        report_(settings_.name + ": the name " + settings_.origin.host +
                (!failed       ? " has an address again"
                 : ever_known_ ? " has no address now (" + found->error + "): the last ones known are used"
                               : " has no address: " + found->error));
    }
    failing_ = failed;
    ever_known_ = ever_known_ || !failed;
    auto ordered = *found;
    ordered.addresses = interleaved(found->addresses);
    const auto shared = std::make_shared<const looked_up>(std::move(ordered));
    for (const auto& lane : lanes_) {
        lane->home().post([&book = lane->book(), &home = lane->home(), shared] { book.learn(home, shared); });
    }
}

} // namespace muster::upstream
