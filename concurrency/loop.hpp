// concurrency/: one thread of the house. A loop owns an io_context, the root of a tree of scopes, a registry of tasks
// and a deadline queue; nothing on it needs a lock. loop_pool is N of them with their threads.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/deadline_queue.hpp"
#include "concurrency/task_node.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace muster::concurrency {

template <class T>
class task;
class abandoned_list;
class loop_clock;

using executor = boost::asio::io_context::executor_type;

/// Told of errors that nobody else gets: a root task that failed, a child's error after its group was cancelled from
/// outside. Called on the loop's thread; must not throw.
using error_sink = std::function<void(std::string_view what, const std::exception_ptr&)>;

/// Live totals of a loop; its own thread only.
struct loop_counts {
    std::uint64_t started = 0; ///< tasks since the start
    std::uint64_t ended = 0;
    std::uint64_t live_frames = 0; ///< started coroutine frames not yet destroyed

    /// What is live of one kind.
    struct kind_count {
        std::uint64_t roots = 0; ///< tasks of that kind itself
        std::uint64_t tasks = 0; ///< those, and all children that work for them

        void add(bool root) noexcept {
            ++tasks;
            roots += root ? 1 : 0;
        }

        void remove(bool root) noexcept {
            --tasks;
            roots -= root ? 1 : 0;
        }
    };

    std::array<kind_count, task_kinds> kinds{}; ///< by the kind of the root

    [[nodiscard]] kind_count& of(task_kind kind) noexcept { return kinds[static_cast<std::size_t>(kind)]; }

    [[nodiscard]] const kind_count& of(task_kind kind) const noexcept { return kinds[static_cast<std::size_t>(kind)]; }
};

class loop {
  public:
    enum class time_source : std::uint8_t { real, virtual_ };

    struct options {
        std::string name = "loop";
        time_source time = time_source::real;
        std::uint32_t index = 0; ///< of `stride` loops that number their tasks together: ids are index + 1 + n * stride
        std::uint32_t stride = 1;
    };

    loop();
    explicit loop(options o);
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    /// No task may be live (checked: frames with operations in flight are never destroyed), nor any operation
    /// abandoned.
    ~loop();

    [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }

    [[nodiscard]] executor get_executor() noexcept { return context_.get_executor(); }

    [[nodiscard]] const std::string& name() const noexcept { return options_.name; }

    [[nodiscard]] std::uint32_t index() const noexcept { return options_.index; }

    /// Starts `body` as a root task from the loop (never inside this call). Safe from every thread. `budget` is its
    /// time limit, counted from its start; nullopt for none. Name and reference are kept. An error it ends with, other
    /// than a cancel, goes to the error sink.
    void spawn(std::string name, task<void> body, std::optional<duration> budget = std::nullopt,
               task_kind kind = task_kind::background, std::string ref = {});

    /// Runs `function` on the loop. Safe from every thread.
    void post(std::function<void()> function);

    /// Cancels every task of the loop that is not shielded, and for good: a root that begins later is cancelled at its
    /// first await. Safe from every thread.
    void cancel_all(cancel_cause cause);

    /// Runs handlers on this thread until stop().
    void run();

    /// Lets run() return, at once. Safe from every thread.
    void stop();

    /// Lets run() return when no task is live, no root is yet to begin and nothing is abandoned (at once, if so
    /// already). Safe from every thread.
    void stop_when_empty();

    /// True on the thread that is inside run() of this loop, and everywhere for a loop that no thread runs.
    [[nodiscard]] bool here() const noexcept;

    /// The time: read afresh, and kept for cached_now().
    time_point now() noexcept;

    /// A time read since the loop last came back from waiting: good for ages, not for deadlines.
    time_point cached_now() noexcept { return stale_ ? now() : cached_now_; }

    [[nodiscard]] cancel_scope& root_scope() noexcept { return root_; }

    [[nodiscard]] const loop_counts& counts() const noexcept { return counts_; }

    [[nodiscard]] std::uint64_t live_tasks() const noexcept { return counts_.started - counts_.ended; }

    [[nodiscard]] bool empty() const noexcept;

    void on_error(error_sink sink) { sink_ = std::move(sink); }

    void report(std::string_view what, const std::exception_ptr& error) noexcept;

    /// Arms `entry` for `due`.
    void arm(timer_entry& entry, time_point due);

    // Virtual time, for tests: fires what is due at `t`, which becomes the time.
    [[nodiscard]] std::optional<time_point> next_due() const noexcept { return deadlines_.next(); }

    void advance_to(time_point t);

    // For the ground floor's own parts.
    void resume(frame& f) noexcept;                     // from the loop, never nested
    void resume_soon(frame& f);                         // by post
    void start(task_node& node, frame& first) noexcept; // a first frame, from the loop
    void retire(task_node& node) noexcept;              // destroy() once nothing of it is on the stack

    [[nodiscard]] bool emitting() const noexcept { return emitting_ != 0; }

    [[nodiscard]] bool running_task() const noexcept { return running_; }

    [[nodiscard]] abandoned_list& abandoned() noexcept { return *abandoned_; }

    [[nodiscard]] std::uint64_t next_id() noexcept { return options_.index + 1 + (sequence_++ * options_.stride); }

    [[nodiscard]] std::uint64_t next_unused_id() const noexcept {
        return options_.index + 1 + (sequence_ * options_.stride);
    }

    [[nodiscard]] detail::list_of<detail::registry_entry, detail::registry_hook>& registry() noexcept {
        return registry_;
    }

    void frame_started() noexcept { ++counts_.live_frames; }

    void frame_destroyed() noexcept { --counts_.live_frames; }

    void maybe_stop() noexcept;

    /// Odd while a coroutine runs; changes with every resume. For a watchdog, from any thread.
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_relaxed); }

  private:
    friend class task_node;

    void arm_timer();
    void finish_turn() noexcept;

    options options_;
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<executor> work_{context_.get_executor()};
    std::unique_ptr<loop_clock> clock_;
    deadline_queue deadlines_;
    detail::list_of<detail::registry_entry, detail::registry_hook> registry_;
    std::unique_ptr<abandoned_list> abandoned_;
    cancel_scope root_;
    time_point cached_now_{};
    loop_counts counts_;
    std::uint64_t sequence_ = 0;
    task_node* retired_ = nullptr;
    error_sink sink_;
    std::atomic<std::uint64_t> epoch_{0};
    std::atomic<std::uint64_t> pending_roots_{0}; // spawned, not yet begun
    std::atomic<std::thread::id> thread_{};
    int emitting_ = 0;
    bool running_ = false;
    bool stale_ = true;
    bool stop_when_empty_ = false;
};

/// N loops, each run by a thread of its own between start() and join().
class loop_pool {
  public:
    /// `also` more numbers are reserved for loops outside the pool that number their tasks together with it (the admin
    /// loop): theirs are size() .. size() + also - 1.
    explicit loop_pool(std::size_t size, std::uint32_t also = 0);
    ~loop_pool(); // stops and joins what is running

    [[nodiscard]] std::size_t size() const noexcept { return loops_.size(); }

    [[nodiscard]] loop& operator[](std::size_t index) noexcept { return *loops_[index]; }

    [[nodiscard]] std::vector<loop*> loops() const;

    void start();
    void stop();            ///< every loop, at once
    void stop_when_empty(); ///< every loop, when nothing on it is live
    void join();            ///< waits for the threads

  private:
    std::vector<std::unique_ptr<loop>> loops_;
    std::vector<std::thread> threads_;
};

} // namespace muster::concurrency
