// concurrency/: a task as the roll sees it: an entry of its loop's registry, with its place in the tree of tasks, its
// current scope, the leaf of its async stack, and the cancellation slot through which it hears.
#pragma once

#include "concurrency/cancel.hpp"
#include "concurrency/frame.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster::concurrency {

enum class task_kind : std::uint8_t { child, request, connection, listener, background };

inline constexpr std::size_t task_kinds = 5;

[[nodiscard]] const char* to_string(task_kind kind) noexcept;

/// The place of a request in a trace that goes through several processes: W3C Trace Context's `traceparent` and
/// `tracestate`, each valid or empty. The text is not copied: it must outlive the tasks that are labelled with it.
struct trace_context {
    std::string_view parent;
    std::string_view state;
};

/// What a task is called in the roll. The text is not copied: it must outlive the task.
struct task_label {
    task_kind kind = task_kind::child;
    std::string_view name;                ///< e.g. "GET /user/{id}"; empty: the name of its first coroutine
    std::string_view ref;                 ///< what it belongs to outside: a request id, a peer's address
    const trace_context* trace = nullptr; ///< handed on to whom it asks; must outlive the task
};

/// What a task does at a source right now, told by whoever does it: lives in its frame and changes while it works.
struct activity {
    std::string_view resource;  ///< the source's name: "posts"; outlives the activity
    std::uint32_t attempts = 0; ///< begun so far, the present one among them
    std::uint64_t read = 0;     ///< bytes that came from the source
    std::uint64_t written = 0;  ///< bytes that went there
};

/// What a suspended task waits for. Static text and a name that outlives the wait.
struct wait_reason {
    std::string_view what;     ///< "a worker", "a permit", "children", "a timer", "i/o", "read", "write"
    std::string_view resource; ///< whose: a source or pool's name; may be empty
};

namespace detail {
/// A place in a loop's registry: a task, or the marker of a snapshot under way.
struct registry_entry : registry_hook {
    explicit registry_entry(bool marker) noexcept : is_marker(marker) {}

    bool is_marker;
};
} // namespace detail

/// In the registry and in its scope from start() until its first coroutine reaches its final suspend. Never moves.
class task_node : public detail::registry_entry, public detail::scope_tasks_hook, public detail::emit_hook {
  public:
    task_node(const task_node&) = delete;
    task_node& operator=(const task_node&) = delete;

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    [[nodiscard]] const task_node* parent() const noexcept { return parent_; }

    /// The id of the request (or root) this task works for: its own if it is one.
    [[nodiscard]] std::uint64_t root_id() const noexcept { return root_id_; }

    [[nodiscard]] const task_label& label() const noexcept { return label_; }

    /// The nearest reference from here upwards: the request's id, for a task of a request.
    [[nodiscard]] std::string_view ref() const noexcept;

    /// The nearest trace from here upwards; nullptr if there is none.
    [[nodiscard]] const trace_context* trace() const noexcept;

    /// What this task (not one below it) does at a source; nullptr: nothing that anybody told. See `doing`.
    [[nodiscard]] const concurrency::activity* activity() const noexcept { return activity_; }

    [[nodiscard]] const frame* leaf() const noexcept { return leaf_; }

    [[nodiscard]] cancel_scope& scope() const noexcept { return *scope_; }

    [[nodiscard]] time_point started_at() const noexcept { return started_at_; }

    [[nodiscard]] const wait_reason& waits_for() const noexcept { return wait_; }

    [[nodiscard]] loop& home() const noexcept { return home_; }

    /// A new name for the roll, see task_label.
    void relabel(std::string_view name, std::string_view ref) noexcept {
        label_.name = name;
        label_.ref = ref;
    }

    /// Where operations of this task connect their cancellation. One at a time: a task awaits one thing.
    [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }

    // What follows is for the ground floor's own awaiters.
    void start(frame& first) noexcept;
    void enter(cancel_scope& scope) noexcept;

    void waits(wait_reason reason) noexcept { wait_ = reason; }

    void emit() noexcept;

    /// Memory for the one operation in flight, so that starting it allocates nothing.
    [[nodiscard]] void* allocate_operation(std::size_t size);
    void deallocate_operation(void* memory) noexcept;

  protected:
    task_node(loop& home, task_label label, const task_node* parent, cancel_scope& scope) noexcept;
    virtual ~task_node();

    /// The first coroutine has ended and the task has left registry and scope. Returns whom to go on with.
    virtual std::coroutine_handle<> on_ended(frame& first) noexcept = 0;

    /// Of a node given to loop::retire(): frees what holds it.
    virtual void destroy() noexcept {}

    /// The scope to start in, if it is not the one given at construction.
    void set_scope(cancel_scope& scope) noexcept { scope_ = &scope; }

  private:
    friend class doing;
    friend class frame;
    friend class loop;

    std::coroutine_handle<> ended(frame& first) noexcept;

    loop& home_;
    const task_node* parent_;
    cancel_scope* scope_;
    frame* leaf_ = nullptr;
    std::uint64_t id_ = 0;
    std::uint64_t root_id_ = 0;
    task_kind root_kind_ = task_kind::child; // of the task of root_id_
    task_label label_;
    wait_reason wait_;
    const concurrency::activity* activity_ = nullptr;
    time_point started_at_{};
    boost::asio::cancellation_signal signal_;
    task_node* next_retired_ = nullptr;
    bool memory_used_ = false;
    alignas(std::max_align_t) std::array<std::byte, 256> memory_;
};

/// `const doing it(co_await current_task(), call)`: while it lives the task does `call`; afterwards what it did before,
/// so an inner one stands in front of an outer one. A local of a coroutine of that task, declared after `call`; its
/// loop's thread only.
class [[nodiscard]] doing {
  public:
    doing(task_node& task, const activity& what) noexcept;
    doing(const doing&) = delete;
    doing& operator=(const doing&) = delete;
    ~doing();

  private:
    task_node& task_;
    const activity* what_;
    const activity* before_;
};

} // namespace muster::concurrency
