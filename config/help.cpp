// config/: the help text. The flags come from the table that also reads them, so that none is forgotten.
#include "config/help.hpp"

#include "config/keys.hpp"

#include <cstddef>
#include <string_view>

namespace muster::config {
namespace {

constexpr std::string_view head = R"(muster: an HTTP API server in which no task outlives its request

Usage: muster [serve] [FLAGS]      serves until SIGTERM or SIGINT
       muster --help | --version
)";

constexpr std::string_view tail = R"(
Durations are 250ms, 5s, 2m or 1h. Every flag but --help and --version is also a variable
(MUSTER_READ_TIMEOUT for --read-timeout; lists are separated by commas) and, but for --config and
--source, a key of the file ("read-timeout"). Flags win over variables, variables over the file, the
file over defaults. Time limits per route are set in
the file alone, and the sources' policies have a form of their own there:

  {
    "listen": ["0.0.0.0:8080", "[::]:8080"],
    "timeout": "5s", // comments are welcome
    "routes": { "/user/{id}": { "timeout": "2s" } },
    "sources": { "posts": { "workers": 8, "queue": 512 } }
  }

Exit codes: 0 ended clean, 1 could not start, 2 wrong configuration, 3 something would not end at
shutdown, 128+n ended at once by a second signal n.

Example: muster --listen 127.0.0.1:8080 --data sqlite:people.db --seed
         curl http://127.0.0.1:8080/user/1
         curl http://127.0.0.1:9090/debug/tasks
)";

/// One flag: its form in the left column, its help in the right one, the default behind the help's last line or below.
std::string entry(const key& each) {
    constexpr std::size_t column = 28;
    constexpr std::size_t width = 100;
    std::string left = "  --" + std::string{each.name};
    if (!each.is_switch())
        left += ' ' + std::string{each.value};
    std::string result = left;
    if (left.size() + 2 > column)
        result += '\n' + std::string(column, ' ');
    else
        result.append(column - left.size(), ' ');

    std::string_view rest = each.help;
    for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
        result += rest.substr(0, end);
        result += '\n' + std::string(column, ' ');
        rest.remove_prefix(end + 1);
    }
    result += rest;
    if (!each.usual.empty()) {
        const auto usual = "(default: " + std::string{each.usual} + ')';
        result += column + rest.size() + 1 + usual.size() > width ? '\n' + std::string(column, ' ') : " ";
        result += usual;
    }
    return result + '\n';
}

} // namespace

std::string help_text() {
    std::string text{head};
    for (const auto& group : key_groups()) {
        text += '\n' + std::string{group.title} + '\n';
        for (const auto& each : group.keys)
            text += entry(each);
    }
    return text.append(tail);
}

} // namespace muster::config
