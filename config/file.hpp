// config/: the file as a small tree that knows its lines, so that an error can point at one.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace muster::config {

/// A JSON value. `line` counts from 1: of the value's name for a member, of the value itself for the rest.
struct file_value {
    enum class type { null, boolean, number, text, list, object };

    type is = type::null;
    std::string name; ///< as a member of an object
    std::string text; ///< of a scalar: "true", "4", a text without its quotes
    int line = 0;
    std::vector<file_value> members; ///< of an object, whose names are unique, or of a list
};

/// Reads a regular file of at most 1 MiB. The error is a phrase.
[[nodiscard]] std::expected<std::string, std::string> read_whole_file(const std::string& name);

/// Parses JSON with comments whose outermost value is an object. The error begins with the place: "3:14: ..." is line
/// 3, byte 14.
[[nodiscard]] std::expected<file_value, std::string> parse_file(std::string_view text);

} // namespace muster::config
