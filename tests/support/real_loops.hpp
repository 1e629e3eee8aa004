// tests/support: loops with threads of their own, for what only shows between threads. The destructor waits for every
// task to end and checks that nothing is left.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"

#include <future>
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
    static concurrency::task<void> keep(concurrency::task<T> work, std::promise<T> promise) {
        std::exception_ptr error;
        try {
            if constexpr (std::is_void_v<T>) {
                co_await std::move(work);
                promise.set_value();
            } else {
                promise.set_value(co_await std::move(work));
            }
        } catch (...) {
            error = std::current_exception();
        }
        if (error) {
            promise.set_exception(error);
        }
    }

    concurrency::loop_pool pool_;
};

} // namespace muster::tests
