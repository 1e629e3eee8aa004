// concurrency/: for parts of an answer that may fail: an error as a value. A cancel of the own scope stays a cancel.
#pragma once

#include "concurrency/task.hpp"

#include <exception>
#include <expected>
#include <type_traits>
#include <utility>

namespace muster::concurrency {

/// `const auto part = co_await settled(work())`: the value or the exception. If the scope it is awaited in is
/// cancelled, throws `cancelled`, whatever the work made of that.
template <class T>
task<std::expected<T, std::exception_ptr>> settled(task<T> work) {
    const cancel_scope& scope = co_await current_scope();
    std::exception_ptr error;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(work);
            co_return std::expected<void, std::exception_ptr>();
        } else {
            co_return std::expected<T, std::exception_ptr>(co_await std::move(work));
        }
    } catch (...) {
        error = std::current_exception();
    }
    scope.throw_if_cancelled();
    co_return std::unexpected(error);
}

} // namespace muster::concurrency
