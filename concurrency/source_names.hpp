// concurrency/: places in the source as people read them: the compilers' spelling, tidied.
#pragma once

#include <string>
#include <string_view>

namespace muster::concurrency {

/// A coroutine's name without its return type, parameters and this project's namespaces: "sqlite_posts::latest".
[[nodiscard]] std::string tidy_function(std::string_view function);

/// A file's path without what leads to this project's root: "upstream/sqlite_source.cpp".
[[nodiscard]] std::string_view tidy_file(std::string_view file) noexcept;

} // namespace muster::concurrency
