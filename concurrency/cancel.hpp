// concurrency/: why and how work ends early. Scopes form a tree beside the tasks; a cancel marks a whole subtree,
// then tells each task in it through its Asio cancellation slot. Drawn in concurrency/README.md.
#pragma once

#include "concurrency/deadline_queue.hpp"
#include "concurrency/time.hpp"

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <optional>

namespace muster::concurrency {

class loop;
class task_node;

enum class cancel_cause : std::uint8_t {
    deadline_exceeded, ///< the scope's time is up
    sibling_failed,    ///< another child of the same when_all or group failed first
    client_gone,       ///< nobody waits for the answer any more
    shutdown,          ///< the process ends
    requested,         ///< the program asked for it
};

/// The cause in the words of logs and rolls: "deadline_exceeded", ...
[[nodiscard]] const char* to_string(cancel_cause cause) noexcept;

/// Thrown at the next await of a cancelled task. Not derived from std::exception, so that a fallback's
/// `catch (const std::exception&)` cannot swallow it.
class cancelled final {
  public:
    cancelled(cancel_cause cause, std::uint64_t origin) noexcept : cause_(cause), origin_(origin) {}

    [[nodiscard]] cancel_cause cause() const noexcept { return cause_; }

    /// The id of the scope in which the cancel began.
    [[nodiscard]] std::uint64_t origin() const noexcept { return origin_; }

  private:
    cancel_cause cause_;
    std::uint64_t origin_;
};

class cancel_scope;

/// Told on the loop's thread of cancels in and below the scope that it observes: after the subtree is marked and before
/// any task in it hears of it, so every task still waits where the cancel found it. Of a cancel that began further out
/// it hears nothing. Must not throw, resume, cancel or destroy anything.
class cancel_observer {
  public:
    /// A cancel has begun in `scope`, which is the observed one. Told once, and nothing is told after it.
    virtual void on_cancelled(const cancel_scope& scope) noexcept = 0;

    /// A cancel with sibling_failed has begun in `scope`, which is further in: a task of a fan-out or group there has
    /// failed, and the others still wait. (The one that failed is in the scope no longer, its error has not been thrown
    /// yet, and what becomes of the observed work is open: it may do without that part.) Each such cancel is told to
    /// the nearest observer outward, or to none if a shield lies between: clean-up is not what the observed work waits
    /// for, and may go on after that was cancelled.
    /// A failure that climbs through several fan-outs is told by each in turn, the inmost first.
    virtual void on_sibling_failed(const cancel_scope& /*scope*/) noexcept {}

  protected:
    cancel_observer() = default;
    cancel_observer(const cancel_observer&) = default;
    cancel_observer& operator=(const cancel_observer&) = default;
    ~cancel_observer() = default;
};

namespace detail {
using link_mode_auto = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
struct scope_tag;
struct scope_tasks_tag;
struct emit_tag;
struct registry_tag;
using scope_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<scope_tag>, link_mode_auto>;
using scope_tasks_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<scope_tasks_tag>, link_mode_auto>;
using emit_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<emit_tag>, link_mode_auto>;
using registry_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<registry_tag>, link_mode_auto>;
template <class T, class Hook>
using list_of =
    boost::intrusive::list<T, boost::intrusive::base_hook<Hook>, boost::intrusive::constant_time_size<false>>;
using emit_list = list_of<task_node, emit_hook>;
} // namespace detail

/// One region of work that ends together. Lives on its loop's thread, in the frame of whoever opened it, and outlives
/// the scopes and tasks inside it. Everything here is for the loop's thread only (checked).
class cancel_scope final : public detail::scope_hook, private timer_entry {
  public:
    enum class kind : std::uint8_t { plain, shielded };

    /// The root of a loop's tree.
    explicit cancel_scope(loop& home) noexcept;

    /// A scope below `owner`'s current one. Its deadline is min(parent's, `deadline`); if its own is the later, no
    /// entry is made and the parent's expiry, when it comes, is the parent's. A shielded scope ignores its parent's
    /// cancels and deadline, and must have a deadline of its own (its budget); below a cancelled scope it gets what is
    /// left of that scope's shield_window, if that is less.
    cancel_scope(task_node& owner, time_point deadline, kind k = kind::plain) noexcept;

    cancel_scope(const cancel_scope&) = delete;
    cancel_scope& operator=(const cancel_scope&) = delete;
    ~cancel_scope();

    /// Cancels this scope and all below it but the shielded ones; does nothing if it is cancelled already (the first
    /// cause wins). Never resumes a task: whoever waits is resumed later, from the loop.
    void cancel(cancel_cause cause) noexcept;

    [[nodiscard]] bool is_cancelled() const noexcept { return origin_ != nullptr; }

    /// Only while is_cancelled().
    [[nodiscard]] cancel_cause cause() const noexcept { return cause_; }

    [[nodiscard]] time_point cancelled_at() const noexcept { return cancelled_at_; }

    /// True if the cancel that hit this scope began in it (and not in one above).
    [[nodiscard]] bool began_here() const noexcept { return origin_ == this; }

    /// Throws `cancelled` if this scope is.
    void throw_if_cancelled() const {
        if (origin_ != nullptr) [[unlikely]] {
            throw_cancelled();
        }
    }

    [[noreturn]] void throw_cancelled() const;

    /// The effective deadline, no_deadline if there is none.
    [[nodiscard]] time_point deadline() const noexcept { return deadline_; }

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    [[nodiscard]] bool shielded() const noexcept { return shielded_; }

    [[nodiscard]] const cancel_scope* parent() const noexcept { return parent_; }

    [[nodiscard]] loop& home() const noexcept { return home_; }

    /// When an operation below this scope that does not end by itself must be abandoned, if the cancel came `now`.
    [[nodiscard]] time_point abandon_at(time_point now) const noexcept;

    /// `observer` must outlive the scope or be reset by nullptr; at most one.
    void observe(cancel_observer* observer) noexcept { observer_ = observer; }

    /// The work in it is over: no deadline comes and no observer hears any more.
    void retire() noexcept {
        observer_ = nullptr;
        disarm();
    }

    /// Calls `visit(const task_node&)` for every task in this scope and below, shielded ones too.
    template <class Visit>
    void for_each_task(Visit&& visit) const {
        for (const task_node& task : tasks_) {
            visit(task);
        }
        for (const cancel_scope& child : children_) {
            child.for_each_task(visit);
        }
    }

  private:
    friend class task_node;

    void expire() noexcept override;
    void mark(cancel_cause cause, cancel_scope& origin, time_point now, detail::emit_list& to_tell) noexcept;
    void tell_observer() const noexcept;
    void limit_shield(time_point now) noexcept;
    void clamp(time_point end) noexcept;

    loop& home_;
    cancel_scope* parent_ = nullptr;
    cancel_scope* origin_ = nullptr; // where the cancel began: this or an ancestor; outlives this
    cancel_observer* observer_ = nullptr;
    std::uint64_t id_;
    time_point deadline_ = no_deadline;
    time_point cancelled_at_{};
    time_point shields_end_ = no_deadline; // of a topmost cancelled scope: when its shields' common window closes
    cancel_cause cause_ = cancel_cause::requested;
    bool shielded_ = false;
    bool clamped_ = false; // a shield that runs on the common window
    detail::list_of<cancel_scope, detail::scope_hook> children_;
    detail::list_of<task_node, detail::scope_tasks_hook> tasks_;
};

/// A handle with which whoever is not a task (an event of a socket, a signal) cancels the work that a with_timeout or
/// with_deadline runs. Sticky: a cancel that comes first hits that work at its first await. For one such call; outlives
/// it; the loop's thread only.
class cancel_source {
  public:
    cancel_source() = default;
    cancel_source(const cancel_source&) = delete;
    cancel_source& operator=(const cancel_source&) = delete;

    /// As cancel_scope::cancel; nothing once the work has ended.
    void cancel(cancel_cause cause) noexcept;

    // For the ground floor's own parts.
    void open(cancel_scope& scope) noexcept;

    void close() noexcept { scope_ = nullptr; }

  private:
    cancel_scope* scope_ = nullptr;
    std::optional<cancel_cause> early_;
};

} // namespace muster::concurrency
