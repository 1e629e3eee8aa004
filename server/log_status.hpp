// server/: how it stands with a log, for the roll and for last words.
#pragma once

#include "concurrency/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace muster::server {

struct log_status {
    std::string log{};                            ///< "access log"
    std::string sink{};                           ///< "standard output" or the file's name
    std::uint64_t written = 0;                    ///< lines, since the start
    std::uint64_t dropped = 0;                    ///< since the start: there was no room for them
    std::uint64_t untold = 0;                     ///< of those, the ones that no line of the log has told yet
    std::uint64_t waiting = 0;                    ///< neither written nor dropped
    std::optional<concurrency::duration> stuck{}; ///< how long the sink has taken nothing; nothing: it takes all
    std::string why{};                            ///< while it is stuck
    std::string not_reopened{};                   ///< why lines still go into a file that was to be opened again
};

/// "access log to FILE: 1234 written, 17 dropped, 3 waiting, stuck for 3.2 s: nobody reads it"; and "..., not opened
/// again: Is a directory". Pure.
[[nodiscard]] std::string sentence_of(const log_status& status);

/// What a log that ends never told anybody: "access log to FILE: 20 lines are dropped: nobody reads it"; empty:
/// nothing. Pure.
[[nodiscard]] std::string last_words_of(const log_status& status);

} // namespace muster::server
