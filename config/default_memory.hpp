// config/: how much memory this process may have when nobody says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace muster::config {

/// Bytes: the machine's memory, cut to the limit of the own control group and of those above it, which are read below
/// `root` ("/" but in tests): memory.max of version 2, memory.limit_in_bytes of version 1. What cannot be read is no
/// limit.
[[nodiscard]] std::uint64_t memory_allowed(const std::filesystem::path& root = "/");

/// What clients may hold of it in all (see settings::max_buffered): a quarter, 4 MiB to 1 GiB.
[[nodiscard]] std::uint64_t default_buffered(std::uint64_t allowed);

/// How many connections are safe with it, be they up to what they like: another quarter, at 32 KiB each (8 of them ours
/// with an unfinished head that no budget counts, the rest the kernel's), and at least 64.
[[nodiscard]] std::size_t default_connections(std::uint64_t allowed);

} // namespace muster::config
