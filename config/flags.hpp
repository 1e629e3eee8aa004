// config/: the command line split into names and raw values.
#pragma once

#include "config/commands.hpp"

#include <expected>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace muster::config {

struct flags {
    std::map<std::string_view, std::vector<std::string>> values; ///< by the name of the key, in the order given
    std::set<std::string_view> switches;                         ///< those of the command alone, if they are on
    config::command command = config::command::serve;            ///< as named, never `version`
    std::string operand;                                         ///< what stands behind the command; may be missing
    bool help = false;
    bool version = false;
};

/// Splits `argv`, whose first is the program's name; it may name the command, and holds no flag that this command does
/// not take. The error is one line without "muster: ".
[[nodiscard]] std::expected<flags, std::string> split_flags(int argc, const char* const* argv);

} // namespace muster::config
