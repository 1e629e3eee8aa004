// concurrency/: how a permit finds its next holder. Dekker's pattern guards against a lost wake-up: a waiter announces
// itself and then looks for a free permit, a releaser frees its permit and then looks for waiters; one sees the other.
#include "concurrency/semaphore.hpp"

#include "concurrency/check.hpp"
#include "concurrency/loop.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <deque>

namespace muster::concurrency {

namespace detail {

class semaphore_core : public std::enable_shared_from_this<semaphore_core> {
  public:
    static constexpr int most_in_a_row = 16;

    struct lane {
        loop* home = nullptr;
        std::atomic<std::size_t> waiting{0}; // the queue's length, for the others to see
        boost::intrusive::list<acquire_wait, boost::intrusive::base_hook<waiter_hook>,
                               boost::intrusive::constant_time_size<false>>
            queue;            // the home loop's thread only
        int own_in_a_row = 0; // the same: permits that it handed to its own waiters, though others waited perhaps
    };

    semaphore_core(std::string name, const std::vector<loop*>& loops, std::int64_t permits, std::size_t max_waiters)
        : name_(std::move(name)),
          max_waiters_(max_waiters),
          free_(permits) {
        for (loop* l : loops) {
            lanes_.emplace_back().home = l;
        }
    }

    ~semaphore_core() {
        for (const lane& l : lanes_) {
            MUSTER_INVARIANT(l.queue.empty(), "a semaphore outlives those who wait for it");
        }
    }

    lane& lane_of(const loop& l) {
        for (lane& candidate : lanes_) {
            if (candidate.home == &l) {
                return candidate;
            }
        }
        invariant_broken("a semaphore is used from its own loops only", __FILE__, __LINE__);
    }

    bool try_take() noexcept {
        std::int64_t n = free_.load();
        while (n > 0) {
            if (free_.compare_exchange_weak(n, n - 1)) {
                return true;
            }
        }
        return false;
    }

    void enqueue(acquire_wait& waiter, lane& l) {
        l.queue.push_back(waiter);
        l.waiting.fetch_add(1);
        waiting_.fetch_add(1);
        while (!l.queue.empty() && try_take()) {
            grant_front(l);
        }
    }

    void leave(acquire_wait& waiter, lane& l) noexcept {
        waiter.unlink();
        l.waiting.fetch_sub(1);
        waiting_.fetch_sub(1);
    }

    /// Takes over one permit from whoever calls, on any thread.
    void hand_on() noexcept {
        while (!offer()) {
            free_.fetch_add(1);
            if (!anyone_waits() || !try_take()) {
                return; // nobody needs it, or somebody has it
            }
        }
    }

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] std::size_t max_waiters() const noexcept { return max_waiters_; }

    [[nodiscard]] std::int64_t available() const noexcept { return free_.load(); }

    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.load(); }

  private:
    void grant_front(lane& l) noexcept {
        acquire_wait& waiter = l.queue.front();
        leave(waiter, l);
        waiter.grant();
    }

    [[nodiscard]] bool anyone_waits() const noexcept {
        for (const lane& l : lanes_) {
            if (l.waiting.load() != 0) {
                return true;
            }
        }
        return false;
    }

    /// Sends the caller's permit to a loop on which somebody waits: the one that it is given back on, since what goes
    /// with it (a connection) is there too, but not for ever while others wait; else the next.
    bool offer() noexcept {
        auto first = next_.fetch_add(1, std::memory_order_relaxed);
        if (const auto here = lane_here(); here != lanes_.size() && lanes_[here].waiting.load() != 0) {
            lane& own = lanes_[here];
            if (++own.own_in_a_row <= most_in_a_row) {
                send_to(own);
                return true;
            }
            own.own_in_a_row = 0;
            first = here + 1;
        }
        for (std::size_t i = 0; i != lanes_.size(); ++i) {
            lane& l = lanes_[(first + i) % lanes_.size()];
            if (l.waiting.load() != 0) {
                send_to(l);
                return true;
            }
        }
        return false;
    }

    void send_to(lane& l) noexcept {
        boost::asio::post(l.home->context(), [self = shared_from_this(), &l] { self->receive(l); });
    }

    /// Which of the lanes belongs to the loop whose thread this is; their number if none does.
    [[nodiscard]] std::size_t lane_here() const noexcept {
        return static_cast<std::size_t>(std::ranges::find_if(lanes_, [](const lane& l) { return l.home->here(); }) -
                                        lanes_.begin());
    }

    void receive(lane& l) noexcept {
        if (l.queue.empty()) {
            hand_on(); // cancelled or served meanwhile: to the next
        } else {
            grant_front(l);
        }
    }

    std::string name_;
    std::size_t max_waiters_;
    std::deque<lane> lanes_;
    std::atomic<std::int64_t> free_;
    std::atomic<std::size_t> waiting_{0};
    std::atomic<std::size_t> next_{0};
};

acquire_wait::acquire_wait(frame& f, semaphore_core& core) noexcept : own_wait(f), core_(core) {}

bool acquire_wait::await_ready() {
    awaiting_frame().scope().throw_if_cancelled();
    granted_ = core_.lane_of(awaiting_frame().home()).queue.empty() && core_.try_take();
    if (!granted_ && core_.waiting() >= core_.max_waiters()) {
        throw semaphore_full(core_.name());
    }
    return granted_;
}

void acquire_wait::await_suspend(std::coroutine_handle<> /*self*/) {
    begin({.what = "a permit", .resource = core_.name()});
    core_.enqueue(*this, core_.lane_of(awaiting_frame().home()));
}

permit acquire_wait::await_resume() {
    if (!granted_) {
        awaiting_frame().scope().throw_cancelled();
    }
    return permit(&core_);
}

void acquire_wait::on_cancel() noexcept {
    core_.leave(*this, core_.lane_of(awaiting_frame().home()));
    resume_soon();
}

void acquire_wait::grant() noexcept {
    granted_ = true;
    resume_soon();
}

} // namespace detail

void permit::release() noexcept {
    if (core_ != nullptr) {
        std::exchange(core_, nullptr)->hand_on();
    }
}

semaphore::semaphore(std::string name, const std::vector<loop*>& loops, std::int64_t permits, std::size_t max_waiters)
    : core_(std::make_shared<detail::semaphore_core>(std::move(name), loops, permits, max_waiters)) {}

semaphore::~semaphore() = default;

detail::acquire_wait semaphore::acquire_request::bind(frame& f) && {
    return {f, *owner.core_};
}

std::int64_t semaphore::available() const noexcept {
    return core_->available();
}

std::size_t semaphore::waiting() const noexcept {
    return core_->waiting();
}

} // namespace muster::concurrency
