// config/: the help text. The flags come from the table that also reads them, so that none is forgotten.
#include "config/help.hpp"

#include "config/keys.hpp"
#include "config/policies.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace muster::config {
namespace {

constexpr std::string_view head = R"(muster: an HTTP API server in which no task outlives its request

Usage: muster [COMMAND] [FLAGS]
       muster --help | --version | COMMAND --help

Commands
)";

constexpr std::string_view tail = R"(
Durations are 250ms, 5s, 2m or 1h, sizes 512B, 16KiB, 1MiB or 1GiB. Every flag of serve but --help
and --version is also a variable (MUSTER_READ_TIMEOUT for --read-timeout; lists are separated by
commas) and, but for --config and --source, a key of the file ("read-timeout"). Flags win over
variables, variables over the file, the file over defaults. Time limits per route are set in the
file alone, and the sources' policies have a form of their own there:

  {
    "listen": ["0.0.0.0:8080", "[::]:8080"],
    "timeout": "5s", // comments are welcome
    "routes": { "/user/{id}": { "timeout": "2s" } },
    "sources": { "posts": { "workers": 8, "queue": 512 } }
  }

Exit codes: 0 ended clean, 1 could not start (or bad data in an import), 2 wrong configuration, 3
something would not end at shutdown, 4 an import skipped lines as asked, 128+n ended by signal n
(serve: by a second one).

Example: muster --listen 127.0.0.1:8080 --data sqlite:people.db --seed
         curl http://127.0.0.1:8080/user/1
         curl http://127.0.0.1:9090/debug/tasks
)";

constexpr std::size_t column = 28;

/// `left` in the left column, `help` (lines separated by '\n') in the right one.
std::string row(std::string left, std::string_view help) {
    if (left.size() + 2 > column)
        left += '\n' + std::string(column, ' ');
    else
        left.append(column - left.size(), ' ');
    for (auto end = help.find('\n'); end != help.npos; end = help.find('\n')) {
        left += help.substr(0, end);
        left += '\n' + std::string(column, ' ');
        help.remove_prefix(end + 1);
    }
    return left.append(help);
}

/// The default stands behind the help's last line or below it.
std::string entry(std::string left, std::string_view help, std::string_view usual) {
    constexpr std::size_t width = 100;
    auto result = row(std::move(left), help);
    if (!usual.empty()) {
        const auto last = result.size() - (result.rfind('\n') + 1); // npos + 1 is 0
        const auto shown = "(default: " + std::string{usual} + ')';
        result += last + 1 + shown.size() > width ? '\n' + std::string(column, ' ') : " ";
        result += shown;
    }
    return result + '\n';
}

std::string entry(const key& each) {
    std::string left = "  --" + std::string{each.name};
    if (!each.is_switch())
        left += ' ' + std::string{each.value};
    return entry(std::move(left), each.help, each.usual);
}

std::string entries_of_policies() {
    const std::pair<std::string_view, std::optional<source_kind>> parts[] = {
        {"Policies of every source", std::nullopt},
        {"Policies of a SQLite source", source_kind::sqlite},
        {"Policies of a source over HTTP", source_kind::http},
    };
    std::string text;
    for (const auto& [title, of] : parts) {
        text += '\n' + std::string{title} + '\n';
        for (const auto& each : policies())
            if (each.of == of)
                text += entry("  " + std::string{each.name} + '=' + std::string{each.value}, each.help, each.usual);
    }
    return text;
}

std::string call_of(const command_info& each) {
    std::string call{each.name};
    if (!each.operand.empty())
        call += ' ' + (each.operand_needed ? std::string{each.operand} : '[' + std::string{each.operand} + ']');
    return call;
}

} // namespace

std::string help_text() {
    std::string text{head};
    for (const auto& each : commands())
        text += row("  " + call_of(each), each.summary) + '\n';
    text += "\nThe flags of serve follow; of the other commands, muster COMMAND --help tells more.\n";
    for (const auto& group : key_groups()) {
        text += '\n' + std::string{group.title} + '\n';
        for (const auto& each : group.keys)
            text += entry(each);
    }
    return text.append(entries_of_policies()).append(tail);
}

std::string help_text(command which) {
    const auto& info = info_of(which);
    if (info.text.empty())
        return help_text();
    std::string text = "Usage: muster " + call_of(info) + " [FLAGS]\n\n" + std::string{info.text} + '\n';
    for (const auto& name : info.keys) {
        auto each = *find_key(name);
        if (name == "data") // here it is no source of a server
            each.help = "the database: sqlite:PATH";
        text += entry(each);
    }
    for (const auto& each : info.switches)
        text += row("  --" + std::string{each.name}, each.help) + '\n';
    return text;
}

} // namespace muster::config
