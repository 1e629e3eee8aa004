// concurrency/: verdicts as lints: a name, a threshold, one full sentence about this case. Three-valued, so that the
// young are not accused. (Those on tasks come with a later issue; this one is on abandoned operations.)
#pragma once

#include "concurrency/abandoned.hpp"
#include "concurrency/time.hpp"

#include <cstdint>
#include <string>

namespace muster::concurrency {

enum class verdict : std::uint8_t { ok, suspect, leak };

[[nodiscard]] const char* to_string(verdict v) noexcept;

/// An operation that its awaiter had to leave: a suspect at once, a leak when it is older than the threshold.
struct abandoned_lint {
    static constexpr const char* name = "abandoned";
    duration threshold = std::chrono::seconds(1);

    [[nodiscard]] verdict judge(const abandoned_operation& operation, time_point now) const noexcept;

    /// "abandoned 1.2 s ago after deadline_exceeded: the worker of posts has not ended (upstream/sqlite_source.cpp:88)"
    [[nodiscard]] std::string sentence(const abandoned_operation& operation, time_point now) const;
};

} // namespace muster::concurrency
