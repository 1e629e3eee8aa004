// server/: what the system lets this process have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace muster::server {

/// Raises the limit of open descriptors as far as permitted, and says what it is now.
std::size_t raise_descriptor_limit() noexcept;

/// What this many loops open, each with `listeners` sockets of its own (TCP addresses that it accepts on).
[[nodiscard]] std::size_t descriptors_of_loops(std::size_t loops, std::size_t listeners) noexcept;

/// How many connections fit: the limit without what everything else may need (standard streams, logs, those who are
/// refused and those of the admin listener, which first_kept_descriptor() keeps, and `opened`: by the loops and by the
/// sources for their databases). At least 1.
[[nodiscard]] std::size_t connections_within(std::size_t descriptors, std::size_t opened) noexcept;

/// How many of `connections` one address may have, unless it is told: a quarter, so that no client takes the house
/// alone, or 64, which a browser behind every desk of an office needs, but never more than three quarters. At least 1.
[[nodiscard]] std::size_t connections_per_address(std::size_t connections) noexcept;

/// The first descriptor that no public connection may have: those from here on are kept for the admin listener and the
/// sources. The system gives the lowest that is free, so a connection that gets one of these came when nearly all were
/// taken. Above every descriptor, if `descriptors` is more than is ever used.
[[nodiscard]] int first_kept_descriptor(std::size_t descriptors) noexcept;

/// The sentence to warn with if `asked` connections are more than fit; nothing otherwise.
[[nodiscard]] std::optional<std::string> warning_of_connections(std::size_t asked, std::size_t descriptors,
                                                                std::size_t opened);

/// The same if `asked` are more than `fit` into the `memory` (bytes) that this process may have.
[[nodiscard]] std::optional<std::string> warning_of_memory(std::size_t asked, std::size_t fit, std::uint64_t memory);

/// The sentence to warn with if what `loops` loops and the sources open (`opened`) leaves few descriptors for
/// connections, or not even enough to start; nothing otherwise.
[[nodiscard]] std::optional<std::string> warning_of_descriptors(std::size_t descriptors, std::size_t opened,
                                                                std::size_t loops);

/// Opens /dev/null as whichever of the descriptors 0, 1 and 2 is closed, so that no connection and no database takes
/// its number, and gets what is meant for people. Reading from 0 fails then, as it did when it was closed.
void fill_standard_streams() noexcept;

/// A peer that is gone is an error of the write that meets it, not a signal; so is a file that may not grow.
void ignore_signals_of_writes() noexcept;

} // namespace muster::server
