// server/: what muster does besides serving. Like application.cpp it sees all floors: here a command's settings, the
// work below and the lines on the terminal come together.
#pragma once

#include "config/command_line.hpp"
#include "upstream/sqlite_migrations.hpp"

#include <span>

namespace muster::server {

/// What another executable made from the same libraries does differently (the tests' own server).
struct command_extras {
    std::span<const upstream::migration> migrations = upstream::migrations();
};

/// Runs whichever command was asked for but serve, and returns the exit code: 0 done, 1 could not (one line on standard
/// error says why), 4 an import skipped bad lines as asked, 128+n ended by signal n with nothing changed.
[[nodiscard]] int run_command(const config::parsed& asked, const command_extras& extras = {});

} // namespace muster::server
