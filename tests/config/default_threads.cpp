// Tests of config/default_threads: control groups are made of files.
#include "config/default_threads.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sched.h>

namespace muster::config {
namespace {

TEST_CASE("without control groups the cores are the number") {
    const scratch_directory root;
    CHECK(threads_within_quota(8, root.path()) == 8);
    CHECK(threads_within_quota(0, root.path()) == 1);
}

TEST_CASE("a quota of version 2 cuts the number, rounded up") {
    const scratch_directory root;
    root.write("proc/self/cgroup", "0::/\n");
    const auto with = [&](std::string_view quota) {
        root.write("sys/fs/cgroup/cpu.max", quota);
        return threads_within_quota(8, root.path());
    };
    CHECK(with("200000 100000\n") == 2);
    CHECK(with("150000 100000\n") == 2);
    CHECK(with("1000 100000\n") == 1);
    CHECK(with("1600000 100000\n") == 8); // more than there are cores
    CHECK(with("max 100000\n") == 8);
    CHECK(with("") == 8);
    CHECK(with("nonsense") == 8);
    CHECK(with("100000 0\n") == 8);
}

TEST_CASE("the quotas of the groups above bind too") {
    const scratch_directory root;
    root.write("proc/self/cgroup", "0::/system.slice/muster.service\n");
    root.write("sys/fs/cgroup/system.slice/muster.service/cpu.max", "max 100000\n");
    root.write("sys/fs/cgroup/system.slice/cpu.max", "300000 100000\n");
    root.write("sys/fs/cgroup/other/cpu.max", "100000 100000\n");
    CHECK(threads_within_quota(8, root.path()) == 3);
    root.write("sys/fs/cgroup/system.slice/muster.service/cpu.max", "200000 100000\n");
    CHECK(threads_within_quota(8, root.path()) == 2);
}

TEST_CASE("a quota of version 1 is found at its controller") {
    for (const std::string mount : {"cpu", "cpu,cpuacct"}) {
        const scratch_directory root;
        root.write("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/1f\n0::/\n");
        root.write("sys/fs/cgroup/" + mount + "/docker/1f/cpu.cfs_quota_us", "250000\n");
        root.write("sys/fs/cgroup/" + mount + "/docker/1f/cpu.cfs_period_us", "100000\n");
        root.write("sys/fs/cgroup/" + mount + "/cpu.cfs_quota_us", "-1\n");
        root.write("sys/fs/cgroup/" + mount + "/cpu.cfs_period_us", "100000\n");
        CHECK(threads_within_quota(8, root.path()) == 3);
    }
}

TEST_CASE("in a container that sees the host's path the quota is at the mount point") {
    const scratch_directory root;
    root.write("proc/self/cgroup", "4:cpu,cpuacct:/docker/1f\n");
    root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
    root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    CHECK(threads_within_quota(8, root.path()) == 1);
}

TEST_CASE("a path that leaves the mount point is not followed") {
    const scratch_directory root;
    root.write("proc/self/cgroup", "0::/../../elsewhere\ngarbage\n");
    root.write("sys/elsewhere/cpu.max", "100000 100000\n");
    root.write("sys/fs/cgroup/cpu.max", "400000 100000\n");
    CHECK(threads_within_quota(8, root.path()) == 4);
}

TEST_CASE("the default is at least one and keeps to the affinity mask") {
    cpu_set_t before;
    REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    CHECK(default_threads() >= 1);
    CHECK(default_threads() <= static_cast<unsigned>(CPU_COUNT(&before)));

    cpu_set_t one;
    CPU_ZERO(&one);
    for (int core = 0; core < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++core)
        if (CPU_ISSET(core, &before))
            CPU_SET(core, &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(default_threads() == 1);
    REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}

} // namespace
} // namespace muster::config
