// concurrency/: the loop: what runs on its thread, in which order, and how it learns that nothing is left.
#include "concurrency/loop.hpp"

#include "concurrency/abandoned.hpp"
#include "concurrency/check.hpp"
#include "concurrency/loop_clock.hpp"
#include "concurrency/task.hpp"

#include <boost/asio/post.hpp>

#include <cstdio>

namespace muster::concurrency {

namespace {

/// A root: owns its scope, its name and its coroutine; freed when it has ended.
class root_task final : public task_node {
  public:
    root_task(loop& home, std::string name, std::string ref, task<void> body, std::optional<duration> budget,
              task_kind kind)
        : task_node(home, task_label{.kind = kind, .name = {}, .ref = {}}, nullptr, home.root_scope()),
          name_(std::move(name)),
          ref_(std::move(ref)),
          budget_(budget),
          body_(std::move(body)) {
        relabel(name_, ref_);
    }

    void begin() noexcept {
        scope_.emplace(*this, budget_ ? deadline_after(home().now(), *budget_) : no_deadline);
        set_scope(*scope_);
        home().start(*this, body_.first());
    }

    void destroy() noexcept override { delete this; }

  protected:
    std::coroutine_handle<> on_ended(frame& first) noexcept override {
        if (first.error() && !first.ended_cancelled()) {
            home().report(name_, first.error());
        }
        home().retire(*this);
        return std::noop_coroutine();
    }

  private:
    std::string name_;
    std::string ref_;
    std::optional<duration> budget_;
    std::optional<cancel_scope> scope_;
    task<void> body_;
};

} // namespace

time_point deadline_after(time_point now, duration budget) noexcept {
    if (budget <= duration::zero()) {
        return now;
    }
    return budget >= no_deadline - now ? no_deadline : now + budget;
}

loop::loop() : loop(options{}) {}

loop::loop(options o)
    : options_(std::move(o)),
      clock_(make_loop_clock(*this, options_.time == time_source::virtual_)),
      abandoned_(std::make_unique<abandoned_list>()),
      root_(*this) {}

loop::~loop() {
    MUSTER_INVARIANT(live_tasks() == 0, "no task outlives its loop");
    MUSTER_INVARIANT(abandoned_->empty(), "no abandoned operation outlives its loop");
    if (const auto lost = pending_roots_.load(); lost != 0) {
        std::fprintf(stderr, "muster: %s ended before %llu of its tasks began\n", name().c_str(),
                     static_cast<unsigned long long>(lost));
    }
}

void loop::spawn(std::string name, task<void> body, std::optional<duration> budget, task_kind kind, std::string ref) {
    auto root = std::make_unique<root_task>(*this, std::move(name), std::move(ref), std::move(body), budget, kind);
    pending_roots_.fetch_add(1, std::memory_order_relaxed);
    boost::asio::post(context_, [this, root = std::move(root)]() mutable {
        pending_roots_.fetch_sub(1, std::memory_order_relaxed);
        root.release()->begin();
    });
}

void loop::post(std::function<void()> function) {
    boost::asio::post(context_, [this, function = std::move(function)] {
        stale_ = true;
        function();
        finish_turn();
    });
}

void loop::cancel_all(cancel_cause cause) {
    post([this, cause] { root_.cancel(cause); });
}

void loop::run() {
    thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    context_.run();
    thread_.store(std::thread::id{}, std::memory_order_relaxed);
}

void loop::stop() {
    context_.stop();
}

void loop::stop_when_empty() {
    post([this] {
        stop_when_empty_ = true;
        maybe_stop();
    });
}

void loop::maybe_stop() noexcept {
    if (stop_when_empty_ && empty()) {
        context_.stop();
    }
}

bool loop::empty() const noexcept {
    return live_tasks() == 0 && abandoned_->empty() && pending_roots_.load(std::memory_order_relaxed) == 0;
}

bool loop::here() const noexcept {
    const auto id = thread_.load(std::memory_order_relaxed);
    return id == std::thread::id{} || id == std::this_thread::get_id();
}

time_point loop::now() noexcept {
    cached_now_ = clock_->now();
    stale_ = false;
    return cached_now_;
}

void loop::report(std::string_view what, const std::exception_ptr& error) noexcept {
    if (sink_) {
        sink_(what, error);
        return;
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "muster: task %.*s failed: %s\n", static_cast<int>(what.size()), what.data(), e.what());
    } catch (...) {
        std::fprintf(stderr, "muster: task %.*s failed\n", static_cast<int>(what.size()), what.data());
    }
}

void loop::arm(timer_entry& entry, time_point due) {
    MUSTER_INVARIANT(here(), "a deadline is set on its loop's thread only");
    if (due == no_deadline) {
        entry.disarm();
        return;
    }
    if (deadlines_.add(entry, due)) {
        clock_->wake_at(*deadlines_.next());
    }
}

void loop::advance_to(time_point t) {
    clock_->set(t);
    stale_ = true;
    deadlines_.fire_due(now());
    if (const auto next = deadlines_.next()) {
        clock_->wake_at(*next);
    }
    finish_turn();
}

void loop::resume(frame& f) noexcept {
    MUSTER_INVARIANT(here(), "a task's state is touched on its loop's thread only");
    MUSTER_INVARIANT(!running_ && emitting_ == 0, "a task is resumed from its loop, never inside another or a cancel");
    stale_ = true;
    running_ = true;
    epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    f.handle().resume();
    epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    running_ = false;
    finish_turn();
}

void loop::resume_soon(frame& f) {
    boost::asio::post(context_, [this, &f] { resume(f); });
}

void loop::start(task_node& node, frame& first) noexcept {
    stale_ = true;
    running_ = true;
    epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    node.start(first);
    epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    running_ = false;
    finish_turn();
}

void loop::retire(task_node& node) noexcept {
    node.next_retired_ = retired_;
    retired_ = &node;
}

void loop::finish_turn() noexcept {
    while (retired_ != nullptr && !running_) {
        task_node* node = retired_;
        retired_ = node->next_retired_;
        node->destroy();
    }
    maybe_stop();
}

loop_pool::loop_pool(std::size_t size, std::uint32_t also) {
    for (std::size_t i = 0; i != size; ++i) {
        loops_.push_back(std::make_unique<loop>(loop::options{.name = "loop-" + std::to_string(i),
                                                              .index = static_cast<std::uint32_t>(i),
                                                              .stride = static_cast<std::uint32_t>(size) + also}));
    }
}

loop_pool::~loop_pool() {
    if (!threads_.empty()) {
        stop();
        join();
    }
}

std::vector<loop*> loop_pool::loops() const {
    std::vector<loop*> all;
    all.reserve(loops_.size());
    for (const auto& l : loops_) {
        all.push_back(l.get());
    }
    return all;
}

void loop_pool::start() {
    for (auto& l : loops_) {
        threads_.emplace_back([&loop = *l] { loop.run(); });
    }
}

void loop_pool::stop() {
    for (auto& l : loops_) {
        l->stop();
    }
}

void loop_pool::stop_when_empty() {
    for (auto& l : loops_) {
        l->stop_when_empty();
    }
}

void loop_pool::join() {
    for (auto& t : threads_) {
        t.join();
    }
    threads_.clear();
}

} // namespace muster::concurrency
