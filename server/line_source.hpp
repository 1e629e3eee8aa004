// server/: where a log's lines come from, as the writer of that log sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace muster::server {

/// Filled by others, emptied by one. What does not fit is dropped and counted.
class line_source {
  public:
    virtual ~line_source() = default;

    /// Appends whole lines, each with its end, until nothing is left or `to` has about `enough` bytes. The writer's
    /// thread.
    virtual void take(std::string& to, std::size_t enough) = 0;

    /// The line that says that `n` others are missing. The writer's thread.
    virtual void append_dropped(std::string& to, std::uint64_t n) = 0;

    // From every thread:
    [[nodiscard]] virtual std::uint64_t waiting() const noexcept = 0; ///< lines not yet taken
    [[nodiscard]] virtual std::uint64_t dropped() const noexcept = 0; ///< since the start
};

} // namespace muster::server
