// concurrency/: calling the roll. Each loop copies compact records of its own tasks on its own thread, in slices, so
// that no lock is shared and no request waits for a dump; a loop that does not answer in time is named instead of
// waited for.
#pragma once

#include "concurrency/abandoned.hpp"
#include "concurrency/cancel.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "concurrency/time.hpp"
#include "concurrency/wait.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::concurrency {

/// One frame of an async stack. The pointers are to static storage.
struct frame_record {
    const char* function; ///< as the compiler prints it; source_names.hpp tidies it
    const char* file;
    std::uint32_t line; ///< of the await it is in; of the function, before its first
};

struct task_record {
    std::uint64_t id = 0;
    std::uint64_t parent = 0; ///< 0: none
    std::uint64_t root = 0;   ///< the request (or other root) it works for
    task_kind kind = task_kind::child;
    std::string name; ///< empty: that of its first function
    std::string ref;
    time_point started_at;
    time_point deadline = no_deadline;
    std::optional<cancel_cause> cancelled;
    time_point cancelled_at{};
    bool shielded = false;
    std::string_view waits_for; ///< static text; empty: it is about to run
    std::string resource;       ///< that of what it waits for, else of what it does
    std::uint32_t attempts = 0; ///< this and the bytes: of what it does at a source, see task_node.hpp
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    std::size_t first_frame = 0; ///< into loop_record::frames: the leaf; its callers follow
    std::size_t frames = 0;
};

/// What one loop told. Complete in itself, although other loops told theirs a moment earlier or later.
struct loop_record {
    std::string name;
    loop_counts counts;
    time_point taken_at{};
    std::vector<task_record> tasks; ///< oldest first: a parent before its children; at most the limit
    std::vector<frame_record> frames;
    std::vector<abandoned_operation> abandoned;

    [[nodiscard]] std::uint64_t live() const noexcept { return counts.started - counts.ended; }
};

struct snapshot {
    struct part {
        std::string loop;
        std::shared_ptr<const loop_record> told; ///< nullptr: this loop did not answer in time
    };

    std::vector<part> parts;
};

namespace detail {
class collection;
}

/// Takes snapshots of a fixed set of loops, for tasks of any of them. One at a time: who asks while one is under way
/// gets that one (if it is as large). Outlives those who ask; the loops outlive it.
class roll_call {
  public:
    explicit roll_call(std::vector<loop*> loops);
    ~roll_call();

    /// Loops whose slices take longer than this let others run in between.
    static constexpr std::chrono::microseconds slice{500};

    class wait final : detail::own_wait, timer_entry {
      public:
        wait(frame& f, roll_call& owner, std::size_t limit, duration within);
        ~wait();
        [[nodiscard]] bool await_ready() const;
        void await_suspend(std::coroutine_handle<> /*self*/);
        snapshot await_resume();

        struct ticket; // shared with the collection, which may finish on another thread

      private:
        friend class detail::collection;
        void on_cancel() noexcept override;
        void expire() noexcept override;

        void leave() noexcept; // before the collection is complete

        roll_call& owner_;
        std::size_t limit_;
        duration within_;
        std::shared_ptr<ticket> ticket_;
        std::shared_ptr<detail::collection> collection_;
        bool cut_ = false;
    };

    struct [[nodiscard]] request {
        roll_call& owner;
        std::size_t limit;
        duration within;

        wait bind(frame& f) && { return {f, owner, limit, within}; }
    };

    /// `co_await roll.take(1000, 250ms)`: at most `limit` tasks of each loop, after at most `within`.
    request take(std::size_t limit, duration within) noexcept { return {*this, limit, within}; }

  private:
    std::shared_ptr<detail::collection> join(std::shared_ptr<wait::ticket> ticket, std::size_t limit);
    void forget(const detail::collection& which);

    std::vector<loop*> loops_;
    std::mutex mutex_;
    std::shared_ptr<detail::collection> current_;
};

} // namespace muster::concurrency
