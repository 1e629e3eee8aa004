// server/: from the one configuration to what each part of the house is given. Pure; application puts the parts
// together.
#pragma once

#include "config/settings.hpp"
#include "handlers/errors.hpp"
#include "handlers/routes.hpp"
#include "server/session.hpp"
#include "upstream/sources.hpp"

#include <chrono>
#include <cstddef>
#include <set>
#include <string>

namespace muster::server {

[[nodiscard]] upstream::sources_settings sources_of(const config::settings& settings);

/// The files of the sources on SQLite, each once.
[[nodiscard]] std::set<std::string> databases_of(const config::settings& settings);

[[nodiscard]] handlers::route_settings routes_of(const config::settings& settings);

[[nodiscard]] session_settings sessions_of(const config::settings& settings);

/// Of the admin listener.
[[nodiscard]] session_settings admin_sessions_of(const config::settings& settings);

/// When the kernel drops who acknowledges nothing: long after the session should have.
[[nodiscard]] std::chrono::milliseconds unacknowledged_in(const config::settings& settings);

[[nodiscard]] handlers::explain explain_in(const config::settings& settings) noexcept;

/// Of our memory, in bytes.
[[nodiscard]] std::size_t buffered_by_clients(const config::settings& settings);

[[nodiscard]] std::size_t loops_of(const config::settings& settings);

/// Descriptors that loops and sources may open.
[[nodiscard]] std::size_t opened_for(const config::settings& settings);

/// How many connections are taken, when this process may have so many `descriptors`.
[[nodiscard]] std::size_t places_for(const config::settings& settings, std::size_t descriptors);

/// Of those `places`, how many for one address; 0: all.
[[nodiscard]] std::size_t places_of_an_address(const config::settings& settings, std::size_t places);

} // namespace muster::server
