// concurrency/: see source_names.hpp.
#include "concurrency/source_names.hpp"

#include <cstddef>
#include <initializer_list>

namespace muster::concurrency {

namespace {

/// The end of the balanced bracket that opens at `open`, or npos.
std::size_t closing(std::string_view text, std::size_t open, char left, char right) {
    int depth = 0;
    for (std::size_t i = open; i != text.size(); ++i) {
        if (text[i] == left) {
            ++depth;
        } else if (text[i] == right && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

} // namespace

std::string tidy_function(std::string_view function) {
    // GCC names the frame's own function, "void f(f(int)::_Z1fi.Frame*)": the signature stands inside the parameters.
    if (const auto frame_name = function.rfind(".Frame*"); frame_name != std::string_view::npos) {
        if (const auto open = function.find('('); open != std::string_view::npos) {
            function = function.substr(0, open);
        }
    }
    // What comes before the parameter list, outside template arguments, back to the last space.
    int angle = 0;
    std::size_t end = function.size();
    std::size_t begin = 0;
    for (std::size_t i = 0; i != function.size(); ++i) {
        const char c = function[i];
        if (c == '<') {
            ++angle;
        } else if (c == '>') {
            --angle;
        } else if (c == '(' && angle == 0) {
            if (function.substr(i).starts_with("(anonymous namespace)")) {
                i += sizeof("(anonymous namespace)") - 2;
                continue;
            }
            const auto close = closing(function, i, '(', ')');
            if (function.substr(0, i).ends_with("operator") && close == i + 1) {
                i = close; // operator(): its name ends with the brackets
                continue;
            }
            // A lambda: "f()::(lambda at x.cpp:3)::operator()": what matters is the last list.
            if (close != std::string_view::npos && function.substr(close + 1).starts_with("::")) {
                i = close;
                continue;
            }
            end = i;
            break;
        } else if (c == ' ' && angle == 0) {
            begin = i + 1;
        }
    }
    std::string name(function.substr(begin, end - begin));
    for (const std::string_view prefix :
         {"muster::concurrency::", "muster::upstream::", "muster::views::", "muster::handlers::", "muster::server::",
          "muster::config::", "muster::", "(anonymous namespace)::", "{anonymous}::"}) {
        for (auto at = name.find(prefix); at != std::string::npos; at = name.find(prefix)) {
            name.erase(at, prefix.size());
        }
    }
    return name;
}

std::string_view tidy_file(std::string_view file) noexcept {
    for (const std::string_view floor :
         {"concurrency/", "config/", "upstream/", "views/", "handlers/", "server/", "tests/", "bench/"}) {
        if (const auto at = file.rfind(floor); at != std::string_view::npos && (at == 0 || file[at - 1] == '/')) {
            // "tests/concurrency/x.cpp" must not lose its first folder.
            const auto tests = file.rfind("tests/");
            return file.substr(tests != std::string_view::npos && tests < at ? tests : at);
        }
    }
    return file;
}

} // namespace muster::concurrency
