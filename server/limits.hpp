// server/: what the system lets this process have.
#pragma once

#include <cstddef>

namespace muster::server {

/// Raises the limit of open descriptors as far as permitted, and says what it is now.
std::size_t raise_descriptor_limit() noexcept;

/// How many connections fit: the limit without what everything else may need (standard streams, listeners, epolls,
/// the admin listener, and `for_sources`, the databases' files). At least 1.
[[nodiscard]] std::size_t connections_within(std::size_t descriptors, std::size_t for_sources) noexcept;

/// A peer that is gone is an error of the write that meets it, not a signal.
void ignore_broken_pipes() noexcept;

} // namespace muster::server
