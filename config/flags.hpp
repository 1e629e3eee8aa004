// config/: the command line split into names and raw values.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace muster::config {

struct flags {
    std::map<std::string_view, std::vector<std::string>> values; ///< by the name of the key, in the order given
    bool help = false;
    bool version = false;
};

/// Splits `argv`, whose first is the program's name; it may name the command. The error is one line without "muster: ".
[[nodiscard]] std::expected<flags, std::string> split_flags(int argc, const char* const* argv);

} // namespace muster::config
