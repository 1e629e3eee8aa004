// Tests of config/default_memory: control groups are made of files.
#include "config/default_memory.hpp"

#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::config {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;

TEST_CASE("without control groups the machine's memory is allowed") {
    const scratch_directory root;
    CHECK(memory_allowed(root.path()) > 16 * mib);
}

TEST_CASE("the tightest limit of a group of version 2 and those above it binds") {
    const scratch_directory root;
    root.write("proc/self/cgroup", "0::/a/b\n");
    root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
    root.write("sys/fs/cgroup/a/memory.max", "67108864\n");
    CHECK(memory_allowed(root.path()) == 64 * mib);
    root.write("sys/fs/cgroup/a/b/memory.max", "33554432\n");
    CHECK(memory_allowed(root.path()) == 32 * mib);
}

TEST_CASE("a limit of version 1 is found at its controller") {
    const scratch_directory root;
    root.write("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/y\n");
    root.write("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "67108864\n");
    root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    root.write("sys/fs/cgroup/memory/y/memory.limit_in_bytes", "4096\n");
    CHECK(memory_allowed(root.path()) == 64 * mib);
}

TEST_CASE("clients may hold a quarter of it, within reason") {
    CHECK(default_buffered(64 * mib) == 16 * mib);
    CHECK(default_buffered(1 * mib) == 4 * mib);
    CHECK(default_buffered(64 * 1024 * mib) == 1024 * mib);
}

TEST_CASE("as many connections are safe as fit into a quarter of it at 32 KiB each, and 64") {
    CHECK(default_connections(64 * mib) == 512);
    CHECK(default_connections(1024 * mib) == 8192);
    CHECK(default_connections(1 * mib) == 64);
}

} // namespace
} // namespace muster::config
