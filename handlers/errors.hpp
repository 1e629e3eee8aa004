// handlers/: what handlers throw, for the floor above, which turns it into a status and an explanation: the failures of
// the sources are part of what a handler says, and server sees no more of upstream than this.
#pragma once

#include "upstream/errors.hpp"      // IWYU pragma: export
#include "upstream/explanation.hpp" // IWYU pragma: export

#include <cstddef>
#include <cstdint>

namespace muster::handlers {

using upstream::explanation;
using upstream::failure;
using upstream::is_plain_name;
using upstream::not_found;
using upstream::source_error;
using upstream::source_failed;
using upstream::source_overloaded;
using upstream::source_timed_out;

/// Children of one explanation.
inline constexpr std::size_t most_children = upstream::explanations::most_children;

/// What a client is told of why its request failed.
enum class explain : std::uint8_t {
    full,    ///< who was waited for, too
    minimal, ///< budget and cause
};

} // namespace muster::handlers
