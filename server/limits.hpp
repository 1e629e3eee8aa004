// server/: what the system lets this process have.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace muster::server {

/// Raises the limit of open descriptors as far as permitted, and says what it is now.
std::size_t raise_descriptor_limit() noexcept;

/// How many connections fit: the limit without what everything else may need (standard streams, listeners, epolls,
/// the admin listener, and `for_sources`, the databases' files). At least 1.
[[nodiscard]] std::size_t connections_within(std::size_t descriptors, std::size_t for_sources) noexcept;

/// How many of `connections` one address may have, unless it is told: a quarter, so that no client takes the house
/// alone, but at least 64, which a browser behind every desk of an office needs.
[[nodiscard]] std::size_t connections_per_address(std::size_t connections) noexcept;

/// The first descriptor that no public connection may have: those from here on are kept for the admin listener and the
/// sources. The system gives the lowest that is free, so a connection that gets one of these came when nearly all were
/// taken. Above every descriptor, if `descriptors` is more than is ever used.
[[nodiscard]] int first_kept_descriptor(std::size_t descriptors) noexcept;

/// The sentence to warn with if `asked` connections are more than fit; nothing otherwise.
[[nodiscard]] std::optional<std::string> warning_of_connections(std::size_t asked, std::size_t descriptors,
                                                                std::size_t for_sources);

/// Opens /dev/null as whichever of the descriptors 0, 1 and 2 is closed, so that no connection and no database takes
/// its number, and gets what is meant for people. Reading from 0 fails then, as it did when it was closed.
void fill_standard_streams() noexcept;

/// A peer that is gone is an error of the write that meets it, not a signal; so is a file that may not grow.
void ignore_signals_of_writes() noexcept;

} // namespace muster::server
