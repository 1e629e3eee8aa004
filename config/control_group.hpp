// config/: the control groups that bind this process, of both versions: what a container may have is written there.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace muster::config {

enum class group_version { v1, v2 };

/// Calls `look` with the directory of the own control group and of each above it, in every place where the hierarchy of
/// version 2, or that of `controller` ("cpu", "memory") of version 1, is mounted below `root` ("/" but in tests). A
/// directory need not exist: in a container the path may be the host's and lead nowhere.
void for_each_group(const std::filesystem::path& root, std::string_view controller,
                    const std::function<void(const std::filesystem::path& group, group_version version)>& look);

} // namespace muster::config
