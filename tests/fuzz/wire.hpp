// tests/fuzz: the other end of a connection, in memory: wire.cpp stands in for server/stream.cpp when the fuzzer is
// linked, so that a session reads and writes without the kernel, and byte by byte costs no system call a byte.
#pragma once

#include "concurrency/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::fuzz {

/// What one client does, and what it hears.
struct wire {
    enum class ending : std::uint8_t {
        half_close,  ///< it ends its side behind its last byte, and reads on
        open,        ///< it says nothing more, and reads on
        breaks_off,  ///< as half_close, and after `takes` bytes of answers the connection is broken
        never_reads, ///< as half_close, but its side takes nothing more after `takes` bytes
    };

    /// Bytes that arrive together, `at` so long after the connection began.
    struct piece {
        std::string_view bytes;
        concurrency::duration at;
    };

    concurrency::time_point began;
    std::vector<piece> pieces; ///< none is empty
    ending end = ending::half_close;
    std::size_t takes = 0;

    std::string heard;               ///< what the server has said
    concurrency::time_point spoke{}; ///< when it did so last
    bool server_shut = false;        ///< it said that it will say no more
    bool reset = false;              ///< it wants its end to be a reset
    std::size_t next = 0;            ///< of the pieces: the first not wholly read
    std::size_t offset = 0;          ///< of that: what was read

    /// When the client does the next thing; nothing: never.
    [[nodiscard]] std::optional<concurrency::time_point> next_due() const;
};

/// From now on every session talks to `other_end`, which outlives them. Its socket has `far_side` as its other end: a
/// byte stands in it whenever something can be received, for who waits for that in the kernel.
void connect_sessions(wire& other_end, int far_side, int near_side);

/// To be called when time has passed: what was due may be received now.
void let_arrive(concurrency::time_point now);

} // namespace muster::fuzz
