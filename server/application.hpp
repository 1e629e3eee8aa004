// server/: the composition root. Everything is made here, in one order, and passed on; nothing is found.
#pragma once

#include "config/settings.hpp"
#include "handlers/router.hpp"
#include "upstream/sources.hpp"

#include <functional>

namespace muster::server {

/// What another executable made from the same libraries does differently (the tests' own server).
struct application_extras {
    /// Takes the sources that were made and returns those to be used.
    std::function<upstream::sources(upstream::sources)> sources;
    /// Adds routes, each with its timeout, to the public listener's.
    std::function<void(handlers::router&)> routes;
};

/// Serves until a signal ends it, and returns the exit code: 0 ended clean, 1 could not start, 2 the configuration
/// names a route that does not exist; the reason is one line on standard error. Called once, on the main thread,
/// which becomes the admin thread. (Something that will not end, and a second signal, exit without returning.)
[[nodiscard]] int serve(const config::settings& settings, const application_extras& extras = {});

} // namespace muster::server
