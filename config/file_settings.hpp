// config/: the file's place among the origins.
#pragma once

#include "config/settings.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace muster::config {

/// Reads the file `name` into `into`. Errors are one line without "muster: "; `given_as` names the flag or variable
/// that named the file, for when it cannot be read.
[[nodiscard]] std::optional<std::string> apply_file(settings& into, const std::string& name,
                                                    const std::string& given_as);

/// The same of a file's text; errors show `name` as it stands.
[[nodiscard]] std::optional<std::string> apply_text(settings& into, std::string_view text, const std::string& name);

} // namespace muster::config
