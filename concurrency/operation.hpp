// concurrency/: any Asio or Beast operation awaited by a task. Include it where I/O is done; handlers need not.
// An operation is what a call with asio::deferred returns; I/O types rebound to `deferred_executor` need no token:
//     asio::ip::tcp::socket::rebind_executor<deferred_executor>::other socket(loop.context());
//     const std::size_t n = co_await socket.async_read_some(buffer);
#pragma once

#include "concurrency/check.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace muster::concurrency {

using deferred_executor = boost::asio::deferred_t::executor_with_default<executor>;

namespace detail {

/// Memory of the task for its one operation in flight; falls back to the heap.
template <class T>
struct operation_allocator {
    using value_type = T;
    task_node* task;

    explicit operation_allocator(task_node* t) noexcept : task(t) {}

    template <class U>
    // NOLINTNEXTLINE(google-explicit-constructor): an allocator converts when it is rebound
    operation_allocator(const operation_allocator<U>& other) noexcept : task(other.task) {}

    T* allocate(std::size_t n) {
        static_assert(alignof(T) <= alignof(std::max_align_t));
        return static_cast<T*>(task->allocate_operation(n * sizeof(T)));
    }

    void deallocate(T* p, std::size_t /*n*/) noexcept { task->deallocate_operation(p); }

    template <class U>
    friend bool operator==(const operation_allocator& a, const operation_allocator<U>& b) noexcept {
        return a.task == b.task;
    }
};

/// What of an operation's awaiter knows no type.
class operation_wait {
  public:
    operation_wait(frame& f, std::string_view what) noexcept : frame_(f), what_(what) {}

    operation_wait(const operation_wait&) = delete;
    operation_wait& operator=(const operation_wait&) = delete;

    [[nodiscard]] frame& awaiting_frame() const noexcept { return frame_; }

    void begin();
    bool suspended() noexcept; // after initiation: false if it completed meanwhile
    void completed() noexcept; // the results are stored
    void failed_to_start() noexcept;

    /// Throws for an error; an abort that our own cancel caused is reported as that cancel.
    void throw_if(const boost::system::error_code& error) const;

  private:
    frame& frame_;
    std::string_view what_;
    bool initiating_ = false;
    bool complete_ = false;
};

template <class Awaiter, class... Args>
struct operation_handler {
    Awaiter* awaiter;

    using executor_type = executor;
    using allocator_type = operation_allocator<std::byte>;
    using cancellation_slot_type = boost::asio::cancellation_slot;

    [[nodiscard]] executor_type get_executor() const noexcept {
        return awaiter->awaiting_frame().home().get_executor();
    }

    [[nodiscard]] allocator_type get_allocator() const noexcept {
        return allocator_type(&awaiter->awaiting_frame().owner());
    }

    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
        return awaiter->awaiting_frame().owner().slot();
    }

    void operator()(Args... args) {
        awaiter->results_.emplace(std::move(args)...);
        awaiter->completed();
    }
};

template <class Op, class Signature>
class operation_awaiter;

template <class Op, class... Args>
class operation_awaiter<Op, void(Args...)> : public operation_wait {
  public:
    operation_awaiter(frame& f, Op&& op, std::string_view what) : operation_wait(f, what), op_(std::move(op)) {}

    [[nodiscard]] bool await_ready() const {
        awaiting_frame().scope().throw_if_cancelled();
        return false;
    }

    bool await_suspend(std::coroutine_handle<> /*self*/) {
        begin();
        try {
            std::move(op_)(handler{this});
        } catch (...) {
            failed_to_start();
            throw;
        }
        return suspended();
    }

    auto await_resume() {
        using results = std::tuple<std::decay_t<Args>...>;
        if constexpr (sizeof...(Args) == 0) {
            return;
        } else if constexpr (std::is_same_v<std::tuple_element_t<0, results>, boost::system::error_code>) {
            throw_if(std::get<0>(*results_));
            if constexpr (sizeof...(Args) == 1) {
                return;
            } else if constexpr (sizeof...(Args) == 2) {
                return std::get<1>(std::move(*results_));
            } else {
                return std::apply([](auto&&, auto&&... rest) { return std::tuple(std::move(rest)...); },
                                  std::move(*results_));
            }
        } else {
            // as_tuple: the error is the caller's to look at, but for our own cancel.
            if constexpr (requires { std::get<0>(std::get<0>(*results_)) == boost::system::error_code(); }) {
                if (std::get<0>(std::get<0>(*results_)) == boost::asio::error::operation_aborted) {
                    awaiting_frame().scope().throw_if_cancelled();
                }
            }
            return std::get<0>(std::move(*results_));
        }
    }

  private:
    using handler = operation_handler<operation_awaiter, Args...>;
    friend handler;

    Op op_;
    std::optional<std::tuple<std::decay_t<Args>...>> results_;
};

} // namespace detail

template <class Op>
    requires(boost::asio::is_async_operation<Op>::value && !requires(Op op, frame& f) { std::move(op).bind(f); })
struct awaiting<Op> {
    using awaiter = detail::operation_awaiter<Op, boost::asio::completion_signature_of_t<Op>>;

    static awaiter bind(frame& f, Op&& op, std::string_view what = "i/o") { return awaiter(f, std::move(op), what); }
};

/// `co_await named("write", socket.async_write_some(buffer))`: the same operation, which the roll calls by that word
/// and not just "i/o". `what` is static text.
template <class Op>
struct [[nodiscard]] named {
    named(std::string_view w, Op o) : what(w), op(std::move(o)) {}

    std::string_view what;
    Op op;

    auto bind(frame& f) && { return awaiting<Op>::bind(f, std::move(op), what); }
};

/// `co_await reschedule()`: lets everything else that is ready on the loop run first.
struct [[nodiscard]] reschedule {
    auto bind(frame& f) && {
        auto op = boost::asio::post(f.home().get_executor(), boost::asio::deferred);
        return awaiting<decltype(op)>::bind(f, std::move(op));
    }
};

} // namespace muster::concurrency
