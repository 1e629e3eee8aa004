// concurrency/: the slices of a snapshot, and who gets it.
#include "concurrency/registry.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <functional>

namespace muster::concurrency {

/// How a finished collection, on whatever thread, reaches an awaiter that may have left meanwhile.
struct roll_call::wait::ticket {
    explicit ticket(loop& l) noexcept : home(l) {}

    loop& home;
    wait* waiter = nullptr; // the home loop's thread only
};

namespace detail {

namespace {

task_record record_of(const task_node& task, std::vector<frame_record>& frames) {
    task_record r{.id = task.id(),
                  .parent = task.parent() != nullptr ? task.parent()->id() : 0,
                  .root = task.root_id(),
                  .kind = task.label().kind,
                  .name = std::string(task.label().name),
                  .ref = std::string(task.label().ref),
                  .started_at = task.started_at(),
                  .deadline = task.scope().deadline(),
                  .cancelled = {},
                  .cancelled_at = {},
                  .shielded = task.scope().shielded(),
                  .waits_for = task.waits_for().what,
                  .resource = std::string(task.waits_for().resource),
                  .attempts = 0,
                  .read = 0,
                  .written = 0,
                  .first_frame = frames.size(),
                  .frames = 0};
    // Copied here, since it lives in a frame of the task and changes while that runs.
    if (const activity* at = task.activity()) {
        if (r.resource.empty()) {
            r.resource = at->resource;
        }
        r.attempts = at->attempts;
        r.read = at->read;
        r.written = at->written;
    }
    // Inside a shield the nearest cancelled scope is further out; the roll says so all the same.
    for (const cancel_scope* scope = &task.scope(); scope != nullptr && !r.cancelled; scope = scope->parent()) {
        if (scope->is_cancelled()) {
            r.cancelled = scope->cause();
            r.cancelled_at = scope->cancelled_at();
        }
    }
    for (const frame* f = task.leaf(); f != nullptr; f = f->caller()) {
        const auto& where = f->site().line() != 0 ? f->site() : f->function();
        frames.push_back({f->function().function_name(), where.file_name(), where.line()});
    }
    r.frames = frames.size() - r.first_frame;
    return r;
}

} // namespace

class collection : public std::enable_shared_from_this<collection> {
  public:
    collection(const std::vector<loop*>& loops, std::size_t limit) : limit_(limit), loops_(loops) {
        for (const loop* l : loops) {
            auto record = std::make_shared<loop_record>();
            record->name = l->name();
            parts_.push_back(std::make_shared<part>(std::move(record)));
        }
        missing_.store(loops.size());
    }

    void start() {
        for (std::size_t i = 0; i != loops_.size(); ++i) {
            boost::asio::post(loops_[i]->context(), slice_of(i, &collection::first_slice));
        }
    }

    [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

    /// False if it is complete, or given up by all who waited: then nobody will call.
    bool add(std::shared_ptr<roll_call::wait::ticket> ticket) {
        const std::lock_guard lock(mutex_);
        if (complete_ || closed_.load()) {
            return false;
        }
        tickets_.push_back(std::move(ticket));
        ++awaited_by_;
        return true;
    }

    /// One who was added waits no longer. When nobody does, the loops stop copying.
    void forgo() noexcept {
        const std::lock_guard lock(mutex_);
        if (--awaited_by_ == 0) {
            closed_.store(true);
        }
    }

    [[nodiscard]] snapshot result() const {
        snapshot s;
        for (const auto& p : parts_) {
            const bool done = p->done.load(std::memory_order_acquire);
            s.parts.push_back({.loop = p->record->name, .told = done ? p->record : nullptr});
        }
        return s;
    }

  private:
    struct part {
        explicit part(std::shared_ptr<loop_record> r) : record(std::move(r)) {}

        std::shared_ptr<loop_record> record; // written by its loop until done
        registry_entry marker{true};
        std::uint64_t first_later_id = 0;
        std::atomic<bool> done{false};
    };

    /// A turn of loop `i`. It keeps that loop's own part (with the marker that stands in its registry) and no more, so
    /// that a stuck loop does not hold back what the others told, however often it is asked.
    std::function<void()> slice_of(std::size_t i, void (collection::*turn)(std::size_t)) {
        return [weak = weak_from_this(), own = parts_[i], i, turn] {
            if (const auto self = weak.lock()) {
                ((*self).*turn)(i);
            } else {
                own->marker.unlink();
            }
        };
    }

    void first_slice(std::size_t i) {
        if (closed_.load()) {
            return;
        }
        loop& l = *loops_[i];
        part& p = *parts_[i];
        p.record->taken_at = l.now();
        p.record->counts = l.counts();
        p.record->abandoned.assign(l.abandoned().operations().begin(), l.abandoned().operations().end());
        p.record->tasks.reserve(std::min<std::size_t>(limit_, l.live_tasks()));
        p.first_later_id = l.next_unused_id();
        l.registry().push_front(p.marker);
        next_slice(i);
    }

    void next_slice(std::size_t i) {
        loop& l = *loops_[i];
        part& p = *parts_[i];
        auto& list = l.registry();
        auto it = std::next(list.iterator_to(p.marker));
        const auto end_of_slice = clock::now() + roll_call::slice;
        std::size_t copied = 0;
        while (it != list.end() && !closed_.load(std::memory_order_relaxed)) {
            if (!it->is_marker) {
                const auto& task = static_cast<const task_node&>(*it);
                if (task.id() >= p.first_later_id || p.record->tasks.size() == limit_) {
                    break;
                }
                p.record->tasks.push_back(record_of(task, p.record->frames));
                if (++copied % 16 == 0 && clock::now() >= end_of_slice) {
                    p.marker.unlink();
                    list.insert(std::next(it), p.marker);
                    boost::asio::post(l.context(), slice_of(i, &collection::next_slice));
                    return;
                }
            }
            ++it;
        }
        p.marker.unlink();
        if (closed_.load(std::memory_order_relaxed)) {
            return; // cut short: not a record that anybody may take for whole
        }
        p.done.store(true, std::memory_order_release);
        if (missing_.fetch_sub(1) == 1) {
            finish();
        }
    }

    void finish() {
        std::vector<std::shared_ptr<roll_call::wait::ticket>> tickets;
        {
            const std::lock_guard lock(mutex_);
            complete_ = true;
            tickets.swap(tickets_);
        }
        for (auto& ticket : tickets) {
            loop& home = ticket->home;
            boost::asio::post(home.context(), [ticket = std::move(ticket)] {
                if (ticket->waiter != nullptr) {
                    auto* waiter = std::exchange(ticket->waiter, nullptr);
                    waiter->disarm();
                    waiter->resume_now();
                }
            });
        }
    }

    std::size_t limit_;
    std::vector<loop*> loops_;
    std::vector<std::shared_ptr<part>> parts_;
    std::atomic<std::size_t> missing_{0};
    std::atomic<bool> closed_{false};
    std::mutex mutex_;
    bool complete_ = false;
    std::size_t awaited_by_ = 0;
    std::vector<std::shared_ptr<roll_call::wait::ticket>> tickets_;
};

} // namespace detail

roll_call::roll_call(std::vector<loop*> loops) : loops_(std::move(loops)) {}

roll_call::~roll_call() = default;

std::shared_ptr<detail::collection> roll_call::join(std::shared_ptr<wait::ticket> ticket, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    if (current_ && current_->limit() >= limit && current_->add(ticket)) {
        return current_;
    }
    current_ = std::make_shared<detail::collection>(loops_, limit);
    current_->add(std::move(ticket));
    current_->start();
    return current_;
}

void roll_call::forget(const detail::collection& which) {
    const std::lock_guard lock(mutex_);
    if (current_.get() == &which) {
        current_.reset();
    }
}

roll_call::wait::wait(frame& f, roll_call& owner, std::size_t limit, duration within)
    : own_wait(f),
      owner_(owner),
      limit_(limit),
      within_(within) {}

roll_call::wait::~wait() = default;

bool roll_call::wait::await_ready() const {
    awaiting_frame().scope().throw_if_cancelled();
    return false;
}

void roll_call::wait::await_suspend(std::coroutine_handle<> /*self*/) {
    loop& home = awaiting_frame().home();
    ticket_ = std::make_shared<ticket>(home);
    collection_ = owner_.join(ticket_, limit_);
    begin({.what = "the roll", .resource = {}});
    ticket_->waiter = this;
    home.arm(*this, deadline_after(home.now(), within_));
}

snapshot roll_call::wait::await_resume() {
    if (cut_) {
        awaiting_frame().scope().throw_cancelled();
    }
    owner_.forget(*collection_); // the next to ask asks anew; and what was told is not kept for nobody
    return collection_->result();
}

void roll_call::wait::leave() noexcept {
    ticket_->waiter = nullptr;
    collection_->forgo();
}

void roll_call::wait::on_cancel() noexcept {
    leave();
    disarm();
    cut_ = true;
    resume_soon();
}

void roll_call::wait::expire() noexcept {
    leave();
    resume_now();
}

} // namespace muster::concurrency
