// config/: what `muster --help` and `muster COMMAND --help` print.
#pragma once

#include "config/commands.hpp"

#include <string>

namespace muster::config {

/// The help text of `muster` and `muster serve`, made from the table of keys; at most 100 columns.
[[nodiscard]] std::string help_text();

/// The help text of one command: that of serve and help is help_text().
[[nodiscard]] std::string help_text(command which);

} // namespace muster::config
