// tests/support: loops with threads of their own, for what only shows between threads. The destructor waits for every
// task to end and checks that nothing is left.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace muster::tests {

class real_loops {
  public:
    explicit real_loops(std::size_t n = 1);
    real_loops(const real_loops&) = delete;
    real_loops& operator=(const real_loops&) = delete;
    ~real_loops();

    [[nodiscard]] concurrency::loop& operator[](std::size_t i) { return pool_[i]; }

    [[nodiscard]] std::vector<concurrency::loop*> all() const { return pool_.loops(); }

    /// Starts `work` on loop `i`; its result comes by the future.
    template <class T>
    std::future<T> start(std::size_t i, concurrency::task<T> work) {
        std::promise<T> promise;
        auto future = promise.get_future();
        pool_[i].spawn("test", keep(std::move(work), std::move(promise)));
        return future;
    }

    /// Runs `work` on loop `i` and waits for it.
    template <class T>
    T run(std::size_t i, concurrency::task<T> work) {
        return start(i, std::move(work)).get();
    }

  private:
    template <class T>
    struct outcome {
        explicit outcome(std::promise<T> p) : promise(std::move(p)) {}

        std::promise<T> promise;
        std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
        std::exception_ptr error;

        void tell() {
            if (error) {
                promise.set_exception(std::move(error));
            } else if constexpr (std::is_void_v<T>) {
                promise.set_value();
            } else {
                promise.set_value(std::move(*value));
            }
        }
    };

    template <class T>
    static concurrency::task<void> keep(concurrency::task<T> work, std::promise<T> promise) {
        const auto result = std::make_shared<outcome<T>>(std::move(promise));
        try {
            if constexpr (std::is_void_v<T>) {
                co_await std::move(work);
            } else {
                result->value.emplace(co_await std::move(work));
            }
        } catch (...) {
            result->error = std::current_exception();
        }
        // Told by the next turn, when the task's frames are gone: an exception that two threads hold a reference to
        // looks like a race to the thread sanitizer, which cannot see into the C++ library's counting.
        concurrency::loop& home = co_await concurrency::current_loop();
        home.post([result] { result->tell(); });
    }

    concurrency::loop_pool pool_;
};

} // namespace muster::tests
