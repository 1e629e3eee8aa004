// Tests of config/: the command line, the environment and the file as a test writes them.
#pragma once

#include "config/command_line.hpp"
#include "tests/support/temporary_directory.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace muster::config {

/// parse() with the program's name before `arguments`.
std::expected<parsed, config_error> parse_all(const std::vector<std::string>& arguments,
                                              const environment& variables = {});

/// The settings; fails the test when there is an error.
settings settings_of(const std::vector<std::string>& arguments, const environment& variables = {});

/// The error's line; "" when there is none.
std::string error_of(const std::vector<std::string>& arguments, const environment& variables = {});

/// A directory for the files of one test.
class scratch_directory : public tests::temporary_directory {
  public:
    /// Writes a file, its directories too; returns its full name.
    std::string write(const std::filesystem::path& name, std::string_view text) const;
};

} // namespace muster::config
