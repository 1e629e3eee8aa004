// config/: a container of two cores on a machine of sixty-four must not start sixty-four loops: the kernel would stop
// them all for most of each period, and every deadline would be late.
#include "config/default_threads.hpp"

#include "config/control_group.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

namespace muster::config {
namespace {

namespace fs = std::filesystem;

unsigned cores_allowed() {
    // The mask has to be as large as the kernel's, which may know more than the 1,024 cores of a cpu_set_t.
    for (int most = 1024; most <= 1024 * 64; most *= 2) {
        const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask{CPU_ALLOC(static_cast<std::size_t>(most)),
                                                                    [](cpu_set_t* set) { CPU_FREE(set); }};
        const auto size = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
        if (mask && ::sched_getaffinity(0, size, mask.get()) == 0)
            return static_cast<unsigned>(CPU_COUNT_S(size, mask.get()));
    }
    return std::thread::hardware_concurrency();
}

std::optional<unsigned> cores(double quota, double period) {
    if (!(quota > 0) || !(period > 0))
        return std::nullopt; // -1 in version 1: no limit
    return static_cast<unsigned>(std::clamp(std::ceil(quota / period), 1.0, 1e6));
}

/// Version 2: "max 100000" or "150000 100000".
std::optional<unsigned> read_v2(const fs::path& group) {
    std::ifstream file{group / "cpu.max"};
    double quota = 0;
    double period = 0;
    if (file >> quota >> period)
        return cores(quota, period);
    return std::nullopt;
}

std::optional<unsigned> read_v1(const fs::path& group) {
    std::ifstream quota_file{group / "cpu.cfs_quota_us"};
    std::ifstream period_file{group / "cpu.cfs_period_us"};
    double quota = 0;
    double period = 0;
    if (quota_file >> quota && period_file >> period)
        return cores(quota, period);
    return std::nullopt;
}

} // namespace

unsigned default_threads() {
    return threads_within_quota(cores_allowed(), "/");
}

unsigned threads_within_quota(unsigned number, const fs::path& root) {
    // A group's quota also binds the groups below it.
    for_each_group(root, "cpu", [&](const fs::path& group, group_version version) {
        if (const auto limit = version == group_version::v2 ? read_v2(group) : read_v1(group))
            number = std::min(number, *limit);
    });
    return std::max(number, 1U);
}

} // namespace muster::config
