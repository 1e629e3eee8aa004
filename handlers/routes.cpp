// handlers/: the routes. Method, path, who answers, and what is particular about it; the time limit of all is the
// configuration's.
#include "handlers/routes.hpp"

#include "handlers/user_page.hpp"
#include "handlers/users_api.hpp"

#include <utility>

namespace muster::handlers {
namespace {

void add_api(router& router, const repositories& sources) {
    const users_api api(sources);
    router.get("/user/{id}", user_page(sources));
    router.get("/api/users/{id}", [api](const request& request) { return api.user(request); });
    router.get("/api/users/{id}/profile", [api](const request& request) { return api.profile(request); });
    router.get("/api/users/{id}/posts", [api](const request& request) { return api.posts(request); });
}

void add_health(router& router, const health& health) {
    router.get("/livez", livez(health));
    router.get("/readyz", readyz(health));
}

void add_debug(router& router, const roll& roll) {
    router.get("/debug/tasks", debug_tasks(roll)).access(route_access::debug);
}

void set_defaults(router& router, const route_settings& settings) {
    for (const auto& each : router.routes())
        if (!each->options.timeout)
            route_registration(*each).timeout(settings.timeout);
}

} // namespace

router make_routes(const repositories& sources, const health& health, const roll& roll,
                   const route_settings& settings) {
    router made;
    add_api(made, sources);
    add_health(made, health);
    add_debug(made, roll);
    for (const auto& [pattern, limit] : settings.timeouts)
        if (!made.set_timeout(pattern, limit))
            throw unknown_route(pattern);
    set_defaults(made, settings);
    if (!settings.debug)
        made.remove(route_access::debug);
    return made;
}

router make_admin_routes(const health& health, const roll& roll, const route_settings& settings) {
    router made;
    add_health(made, health);
    add_debug(made, roll);
    for (const auto& [pattern, limit] : settings.timeouts)
        made.set_timeout(pattern, limit);
    set_defaults(made, settings);
    return made;
}

} // namespace muster::handlers
