// server/: writing to a descriptor that may take nothing now, without waiting for it. The standard streams are shared
// with other processes, so none is made non-blocking: it is asked first, and given no more than it can take.
#pragma once

#include "server/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace muster::server {

/// How a descriptor is written to without waiting.
enum class output_kind : std::uint8_t {
    file,   ///< takes everything, if it takes anything; a slow disk is a worker's business
    socket, ///< has a flag for each call
    other,  ///< a pipe or a terminal: asked first, then at most PIPE_BUF, which fits if anything does
};

[[nodiscard]] output_kind kind_of(int descriptor) noexcept;

/// A terminal with a little room keeps a writer until it has taken all. Of `descriptor`, if it is one, this is another
/// way to the same terminal that does not; else, or if there is none, empty.
[[nodiscard]] unique_fd patient_terminal(int descriptor) noexcept;

/// Writes of `bytes` what is taken at once, up to the end of a line if one write cannot hold all, and yields how much
/// it was; 0: nothing now. The error is errno's.
[[nodiscard]] std::expected<std::size_t, int> write_ready(int descriptor, output_kind kind,
                                                          std::string_view bytes) noexcept;

/// Writes as much of `text` as is taken at once; how much that was.
std::size_t write_some(int descriptor, std::string_view text) noexcept;

/// The same. True if that was all.
bool write_now(int descriptor, std::string_view text) noexcept;

} // namespace muster::server
