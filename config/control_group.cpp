// config/: see control_group.hpp.
#include "config/control_group.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace muster::config {
namespace {

namespace fs = std::filesystem;

/// The own group's path in the hierarchy of version 2, or of the controller of version 1; "/" when unknown.
fs::path own_group(const fs::path& root, std::string_view controller, group_version version) {
    std::ifstream file{root / "proc/self/cgroup"};
    const auto wanted = ',' + std::string{controller} + ',';
    for (std::string line; std::getline(file, line);) { // "0::/a/b" or "4:cpu,cpuacct:/a/b"
        const auto first = line.find(':');
        const auto second = first == line.npos ? line.npos : line.find(':', first + 1);
        if (second == line.npos)
            continue;
        const auto controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
        fs::path path = line.substr(second + 1);
        // A process outside its namespace's root sees "/../x": nothing below the mount point is its group.
        if (std::ranges::find(path, fs::path{".."}) != path.end())
            continue;
        if (version == group_version::v2 ? line.starts_with("0::") : controllers.contains(wanted))
            return path;
    }
    return "/";
}

} // namespace

void for_each_group(const fs::path& root, std::string_view controller,
                    const std::function<void(const fs::path& group, group_version version)>& look) {
    const fs::path all{"sys/fs/cgroup"};
    std::vector<std::pair<fs::path, group_version>> mounts{{all, group_version::v2},
                                                           {all / controller, group_version::v1}};
    if (controller == "cpu")
        mounts.emplace_back(all / "cpu,cpuacct", group_version::v1);
    for (const auto& [mount, version] : mounts) {
        for (auto group = own_group(root, controller, version).relative_path();; group = group.parent_path()) {
            look(root / mount / group, version);
            if (group.empty())
                break;
        }
    }
}

} // namespace muster::config
