// config/: what `muster --help` prints.
#pragma once

#include <string>

namespace muster::config {

/// The help text of `muster` and `muster serve`, made from the table of keys; at most 100 columns.
[[nodiscard]] std::string help_text();

} // namespace muster::config
