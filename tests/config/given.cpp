// Tests of config/: see given.hpp.
#include "given.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>

#include <fstream>
#include <stdexcept>

namespace muster::config {

std::expected<parsed, config_error> parse_all(const std::vector<std::string>& arguments, const environment& variables) {
    std::vector<const char*> argv{"muster"};
    for (const auto& argument : arguments)
        argv.push_back(argument.c_str());
    return parse(static_cast<int>(argv.size()), argv.data(), variables);
}

settings settings_of(const std::vector<std::string>& arguments, const environment& variables) {
    auto result = parse_all(arguments, variables);
    INFO((result ? std::string{} : result.error().message));
    REQUIRE(result.has_value());
    return result->settings;
}

std::string error_of(const std::vector<std::string>& arguments, const environment& variables) {
    const auto result = parse_all(arguments, variables);
    return result ? std::string{} : result.error().message;
}

std::string scratch_directory::write(const std::filesystem::path& name, std::string_view text) const {
    const auto full = path() / name;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream{full, std::ios::binary} << text;
    return full.string();
}

} // namespace muster::config
