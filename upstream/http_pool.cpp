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
    while (first_ != resting_.size()) {
        auto socket = std::move(resting_.back().socket);
        const bool fresh = resting_.back().until > home_.cached_now();
        resting_.pop_back();
        forget_gone();
        unclaimed_.fetch_sub(1, std::memory_order_relaxed);
        pool_.idle_.fetch_sub(1, std::memory_order_relaxed);
        if (fresh && at_rest(socket)) {
            return http_lease(*this, std::move(socket), true);
        }
        pool_.count_one_less();
    }
    return std::nullopt;
}

// What is not kept is closed in order: nothing is under way on it. Of two the one used last is kept: it may be needed
// next, and the other loops' may have rested since their last burst.
void http_lane::keep(http_socket socket, std::optional<std::chrono::seconds> hint) noexcept {
    const auto& settings = pool_.settings_;
    concurrency::duration rests = settings.idle_timeout;
    if (hint) { // a second before the other side means to close it
        rests = std::min<concurrency::duration>(rests, *hint - std::chrono::seconds(1));
    }
    if (rests <= concurrency::duration::zero() || settings.idle == 0) {
        pool_.count_one_less();
        return;
    }
    if (pool_.idle() >= settings.idle || pool_.open() > settings.connections) {
        pool_.make_room(*this);
    }
    try {
        rest(std::move(socket), concurrency::deadline_after(home_.cached_now(), rests));
    } catch (const std::exception&) { // no memory to remember it by
        pool_.count_one_less();
    }
}

void http_lane::rest(http_socket socket, concurrency::time_point until) {
    resting_.push_back({std::move(socket), until});
    unclaimed_.fetch_add(1, std::memory_order_relaxed);
    pool_.idle_.fetch_add(1, std::memory_order_relaxed);
    arm_until(until);
}

void http_lane::drop_oldest() noexcept {
    boost::system::error_code ignored;
    resting_[first_++].socket.close(ignored);
    forget_gone();
    pool_.idle_.fetch_sub(1, std::memory_order_relaxed);
    pool_.count_one_less();
}

// In steps, so that closing all of many does not move the others again and again.
void http_lane::forget_gone() noexcept {
    if (first_ == resting_.size() || first_ * 2 > resting_.size() + 64) {
        resting_.erase(resting_.begin(), resting_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

bool http_lane::close_oldest() noexcept {
    if (first_ == resting_.size()) {
        return false;
    }
    unclaimed_.fetch_sub(1, std::memory_order_relaxed);
    drop_oldest();
    return true;
}

bool http_lane::claim() noexcept {
    auto n = unclaimed_.load(std::memory_order_relaxed);
    while (n > 0 && !unclaimed_.compare_exchange_weak(n, n - 1, std::memory_order_relaxed)) {
    }
    return n > 0;
}

void http_lane::close_claimed() noexcept {
    if (first_ != resting_.size()) {
        drop_oldest();
    } else { // used meanwhile
        unclaimed_.fetch_add(1, std::memory_order_relaxed);
    }
}

void http_lane::expire() noexcept {
    resting_.erase(resting_.begin(), resting_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
    const auto closed = std::erase_if(resting_, [now = home_.now()](const resting& each) { return each.until <= now; });
    unclaimed_.fetch_sub(static_cast<std::ptrdiff_t>(closed), std::memory_order_relaxed);
    pool_.idle_.fetch_sub(closed, std::memory_order_relaxed);
    pool_.open_.fetch_sub(closed, std::memory_order_relaxed);
    if (!resting_.empty()) {
        arm_until(std::ranges::min_element(resting_, {}, &resting::until)->until);
    }
}

void http_lane::arm_until(concurrency::time_point due) noexcept {
    if (!armed() || due < armed_for_) {
        home_.arm(*this, due);
        armed_for_ = due;
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
        explicit place(http_pool& whose) noexcept : pool(whose) { pool.count_one_more(); }

        place(const place&) = delete;
        place& operator=(const place&) = delete;

        ~place() {
            if (!given_on) {
                pool.count_one_less();
            }
        }

        http_pool& pool;
        bool given_on = false;
    };

    place counted(pool_);
    if (pool_.open() > pool_.settings_.connections) { // who is in use has a permit, so one is at rest
        pool_.make_room(*this);
    }
    try {
        auto socket = co_await concurrency::with_timeout(pool_.settings_.connect, connect(attempt));
        counted.given_on = true;
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

void http_pool::make_room(http_lane& for_whom) noexcept {
    if (for_whom.close_oldest()) {
        return;
    }
    for (const auto& lane : lanes_) {
        if (lane->claim()) {
            try {
                lane->home().post([&other = *lane] { other.close_claimed(); });
            } catch (const std::exception&) { // no memory: it rests on, and whoever comes to rest next tries again
                lane->disclaim();
            }
            return;
        }
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
