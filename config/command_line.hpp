// config/: from what the user said to settings; the door to this floor, which server/main opens.
#pragma once

#include "config/commands.hpp"
#include "config/settings.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::config {

struct parsed {
    config::command command = command::serve;
    config::settings settings;         ///< of serve; of import, export and migrate `users.url` is the database
    std::string file;                  ///< of import: what to read; "-" is standard input
    bool keep_going = false;           ///< of import: skip bad lines
    bool ready = false;                ///< of health: ask /readyz instead of /livez
    std::vector<std::string> warnings; ///< sentences for the log, one line each
    std::string text;                  ///< of help and version: goes to standard output, ends with a newline
};

/// `message` is one line without a newline that begins with "muster: " and names key, value and origin. It holds no
/// password. It goes to standard error and ends the start with exit code 2.
struct config_error {
    std::string message;
};

/// Names and values.
using environment = std::vector<std::pair<std::string, std::string>>;

/// A copy of this process's environment.
[[nodiscard]] environment process_environment();

/// Reads the command line `argv` (its first is the program's name): defaults, then the file that --config or
/// MUSTER_CONFIG names, then `variables`, then flags; whatever comes later wins. Values that are overridden must be
/// right too, also those that the command has no use for: a server's variables do no harm to `muster health`. Apart
/// from that file it looks at nothing but its arguments; it throws nothing but std::bad_alloc.
[[nodiscard]] std::expected<parsed, config_error> parse(int argc, const char* const* argv,
                                                        const environment& variables);

/// "0.1.0"
[[nodiscard]] std::string_view version();

} // namespace muster::config
