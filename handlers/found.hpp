// handlers/: an absent row as an exception, for fan-outs in which it ends the others.
#pragma once

#include "concurrency/task.hpp"
#include "upstream/errors.hpp"
#include "upstream/models.hpp"

#include <optional>
#include <string>
#include <utility>

namespace muster::handlers {

/// What clients call a T that is not there.
template <class T>
inline constexpr const char* noun_of = "resource";
template <>
inline constexpr const char* noun_of<upstream::user> = "user";
template <>
inline constexpr const char* noun_of<upstream::profile> = "profile";

/// The value of `lookup`, or upstream::not_found ("no such user"). Inside a when_all this cancels the siblings: an
/// unknown id is a 404 at once, although another source hangs.
template <class T>
concurrency::task<T> found(concurrency::task<std::optional<T>> lookup) {
    auto value = co_await std::move(lookup);
    if (!value)
        throw upstream::not_found(std::string("no such ") + noun_of<T>);
    co_return *std::move(value);
}

} // namespace muster::handlers
