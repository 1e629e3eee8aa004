// config/: the table of commands.
#include "config/commands.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace muster::config {
namespace {

constexpr std::string_view database_keys[] = {"data", "config"};
constexpr std::string_view health_keys[] = {"listen", "admin", "config"};

constexpr command_switch import_switches[] = {
    {"keep-going", "skip bad lines, import the others and exit with 4"},
};

constexpr command_switch health_switches[] = {
    {"live", "ask /livez: is it stuck? (the default)"},
    {"ready", "ask /readyz: does it take requests?"},
};

constexpr std::string_view import_text =
    R"(Loads people into the SQLite database that --data names, all or nothing: one person a line, as JSON
in the words of the API.

  {"user":{"id":1,"name":"Ada","email":"ada@example.org","created_at":"2024-05-01T12:00:00Z"},
   "profile":{"bio":"","location":"","website":"https://ada.example/","language":"en"},
   "posts":[{"id":7,"title":"Hello","body":"...","published_at":"2024-05-02T12:00:00Z"}]}

(on one line). profile may be null or left out, posts may be left out; everything else has to be
there, and nothing else may be. Ids are 1 to 2^63-1; a post's id belongs to one person. website is
empty or an http(s) URL with a host and without a user or password, language a tag such as pt-BR.
Lines end with LF or CRLF, are UTF-8 and at most 8 MiB; empty ones are passed over, as is a byte
order mark at the file's start.

A person that is there already is replaced whole; the same file again changes nothing. A database
that is absent is made, empty. A server reads on meanwhile; only if the database is one of
journal_mode=delete its requests wait, and may meet their time limit. A bad line is named with its
number, field and reason, and nothing is changed; so it is after Ctrl-C (an absent database is an
empty file then, which counts as absent).

Exit codes: 0 imported, 1 nothing was changed, 2 wrong flags or configuration, 4 imported without
the bad lines (--keep-going), 128+n stopped by signal n and nothing was changed.
)";

constexpr std::string_view export_text =
    R"(Writes all people of the SQLite database that --data names to standard output, in the order of
their ids, in the format that `muster import` reads: an import of it makes the same database.
)";

constexpr std::string_view migrate_text =
    R"(Upgrades the SQLite database that --data names to this version's schema, in one transaction. A
database of this schema already is left as it is. Stop what serves it first, and keep a copy:
versions of muster that know the old schema refuse the new one.
)";

constexpr std::string_view health_text =
    R"(Asks a running muster how it is, and exits with 0 if it answers 200 within 2 seconds, else with 1:
for the health check of a container or a service. It asks the admin listener, or with --admin off
the first public one; 0.0.0.0 and [::] become 127.0.0.1 and [::1]. Give it the server's --admin and
--listen, its variables or its file; other flags of the server it does not take.
)";

constexpr command_info table[] = {
    {command::serve, "serve", "", false, {}, {}, "serves until SIGTERM or SIGINT (the default)", ""},
    {command::import_people, "import", "FILE|-", true, database_keys, import_switches,
     "loads people into the database of --data, all or nothing", import_text},
    {command::export_people,
     "export",
     "",
     false,
     database_keys,
     {},
     "writes the people of the database of --data",
     export_text},
    {command::migrate,
     "migrate",
     "",
     false,
     database_keys,
     {},
     "upgrades the database of --data to this version",
     migrate_text},
    {command::health, "health", "", false, health_keys, health_switches, "asks a running muster; exit code 0 or 1",
     health_text},
    {command::help, "help", "COMMAND", false, {}, {}, "tells more of one command", ""},
};

} // namespace

bool command_info::takes(std::string_view key) const {
    return keys.empty() || std::ranges::find(keys, key) != keys.end();
}

std::span<const command_info> commands() {
    return table;
}

const command_info* find_command(std::string_view name) {
    const auto* found = std::ranges::find(table, name, &command_info::name);
    return found == std::end(table) ? nullptr : found;
}

const command_info& info_of(command which) {
    return *std::ranges::find(table, which, &command_info::which);
}

const command_info* command_with_switch(std::string_view name) {
    for (const auto& each : table)
        if (std::ranges::find(each.switches, name, &command_switch::name) != each.switches.end())
            return &each;
    return nullptr;
}

std::string flags_of(const command_info& which) {
    std::vector<std::string> all;
    for (const auto& key : which.keys)
        all.push_back("--" + std::string{key});
    for (const auto& each : which.switches)
        all.push_back("--" + std::string{each.name});
    std::string text;
    for (std::size_t i = 0; i < all.size(); ++i)
        text += (i == 0 ? "" : i + 1 == all.size() ? " and " : ", ") + all[i];
    return text;
}

} // namespace muster::config
