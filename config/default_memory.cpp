// config/: a container of 64 MiB on a machine of 64 GiB is killed, not refused memory, when it takes more.
#include "config/default_memory.hpp"

#include "config/control_group.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace muster::config {

std::uint64_t memory_allowed(const std::filesystem::path& root) {
    auto allowed = static_cast<std::uint64_t>(std::max(::sysconf(_SC_PHYS_PAGES), 0L)) *
                   static_cast<std::uint64_t>(std::max(::sysconf(_SC_PAGESIZE), 1L));
    for_each_group(root, "memory", [&](const std::filesystem::path& group, group_version version) {
        std::ifstream file{group / (version == group_version::v2 ? "memory.max" : "memory.limit_in_bytes")};
        std::uint64_t limit = 0;
        if (file >> limit) // "max" is no number, and no limit
            allowed = std::min(allowed, limit);
    });
    return allowed;
}

std::uint64_t default_buffered(std::uint64_t allowed) {
    constexpr std::uint64_t mib = 1024 * 1024;
    return std::clamp(allowed / 4, 4 * mib, 1024 * mib);
}

std::size_t default_connections(std::uint64_t allowed) {
    constexpr std::uint64_t of_each = 32 * 1024;
    return static_cast<std::size_t>(std::max<std::uint64_t>(allowed / 4 / of_each, 64));
}

} // namespace muster::config
