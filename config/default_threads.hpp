// config/: how many loops this process should have when nobody says.
#pragma once

#include <filesystem>

namespace muster::config {

/// The cores that this process may use: the affinity mask, cut to the cgroup's CPU quota. At least 1.
[[nodiscard]] unsigned default_threads();

/// `number` of cores, cut to the quota (rounded up) of the own control group and of those above it, which are read
/// below `root` ("/" but in tests): cpu.max of version 2, cpu.cfs_quota_us of version 1. What cannot be read is no
/// limit. At least 1.
[[nodiscard]] unsigned threads_within_quota(unsigned number, const std::filesystem::path& root);

} // namespace muster::config
