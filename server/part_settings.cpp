// server/: see part_settings.hpp.
#include "server/part_settings.hpp"

#include "config/default_memory.hpp"
#include "config/default_threads.hpp"
#include "server/limits.hpp"

#include <algorithm>
#include <utility>

namespace muster::server {

namespace {

constexpr std::chrono::milliseconds longest_admin_idle{5'000};
constexpr std::chrono::milliseconds least_unacknowledged{30'000};

upstream::deadline_dialect dialect_of(config::deadline_dialect given) {
    using config::deadline_dialect;
    switch (given) {
    case deadline_dialect::x_request_timeout_ms:
        return upstream::deadline_dialect::x_request_timeout_ms;
    case deadline_dialect::connect_timeout_ms:
        return upstream::deadline_dialect::connect_timeout_ms;
    case deadline_dialect::grpc_timeout:
        return upstream::deadline_dialect::grpc_timeout;
    case deadline_dialect::x_envoy_expected_rq_timeout_ms:
        return upstream::deadline_dialect::x_envoy_expected_rq_timeout_ms;
    case deadline_dialect::x_yataxi_client_timeoutms:
        return upstream::deadline_dialect::x_yataxi_client_timeout_ms;
    case deadline_dialect::request_timeout:
        return upstream::deadline_dialect::request_timeout;
    case deadline_dialect::off:
        break;
    }
    return upstream::deadline_dialect::none;
}

upstream::source_settings source_of(std::string name, const config::source& source) {
    const auto& url = source.url;
    const auto& policy = source.policy;
    if (url.kind == config::source_kind::sqlite) {
        return upstream::sqlite_settings{
            .name = std::move(name), .path = url.path, .workers = policy.workers, .queue = policy.queue};
    }
    return upstream::http_settings{.name = std::move(name),
                                   .origin = {.host = url.host, .port = url.port, .unix_path = url.path},
                                   .connections = policy.connections,
                                   .idle = config::idle_connections(policy),
                                   .queue = policy.queue,
                                   .connect = policy.connect,
                                   .idle_timeout = policy.idle_timeout,
                                   .head = policy.head,
                                   .body = policy.body,
                                   .dialect = dialect_of(policy.deadline)};
}

// A database in use is up to three files a worker: itself, its journal, its shared memory. Beside the connections
// there may be one more for a moment, and the question for an address.
std::size_t files_of(const config::source& source) {
    constexpr std::size_t beside = 4;
    return source.url.kind == config::source_kind::sqlite ? 3 * source.policy.workers
                                                          : source.policy.connections + beside;
}

std::size_t files_of_sources(const config::settings& settings) {
    return files_of(settings.users) + files_of(settings.profiles) + files_of(settings.posts);
}

} // namespace

upstream::sources_settings sources_of(const config::settings& settings) {
    return {.users = source_of("users", settings.users),
            .profiles = source_of("profiles", settings.profiles),
            .posts = source_of("posts", settings.posts)};
}

std::set<std::string> databases_of(const config::settings& settings) {
    std::set<std::string> paths;
    for (const auto* source : {&settings.users, &settings.profiles, &settings.posts}) {
        if (source->url.kind == config::source_kind::sqlite) {
            paths.insert(source->url.path);
        }
    }
    return paths;
}

handlers::route_settings routes_of(const config::settings& settings) {
    handlers::route_settings made{.timeout = settings.timeout, .timeouts = {}, .debug = settings.debug_on_public};
    for (const auto& route : settings.routes) {
        made.timeouts.emplace(route.pattern, route.timeout);
    }
    return made;
}

session_settings sessions_of(const config::settings& settings) {
    return {.limits = {.head = settings.limits.head,
                       .target = settings.limits.target,
                       .fields = settings.limits.fields,
                       .body = settings.limits.body},
            .arrival = {.head = settings.head_timeout,
                        .whole = settings.read_timeout,
                        .body_rate = settings.limits.body_rate},
            .write_timeout = settings.write_timeout,
            .idle_timeout = settings.idle_timeout,
            .pipelined = settings.limits.pipelined,
            .trusted = settings.trusted};
}

session_settings admin_sessions_of(const config::settings& settings) {
    auto made = sessions_of(settings);
    made.idle_timeout = std::min(made.idle_timeout, longest_admin_idle); // its few places are for those who ask
    return made;
}

std::chrono::milliseconds unacknowledged_in(const config::settings& settings) {
    return std::max(2 * settings.write_timeout, least_unacknowledged);
}

handlers::explain explain_in(const config::settings& settings) noexcept {
    return settings.explain == config::explain_level::minimal ? handlers::explain::minimal : handlers::explain::full;
}

std::size_t buffered_by_clients(const config::settings& settings) {
    return settings.limits.buffered.value_or(config::default_buffered(config::memory_allowed()));
}

std::size_t loops_of(const config::settings& settings) {
    return settings.threads != 0 ? settings.threads : config::default_threads();
}

// A Unix socket is counted as often as a TCP address, which it is not opened.
std::size_t opened_for(const config::settings& settings) {
    return files_of_sources(settings) + descriptors_of_loops(loops_of(settings), settings.listen.size());
}

std::size_t places_for(const config::settings& settings, std::size_t descriptors) {
    return settings.max_connections.value_or(std::min(connections_within(descriptors, opened_for(settings)),
                                                      config::default_connections(config::memory_allowed())));
}

std::size_t places_of_an_address(const config::settings& settings, std::size_t places) {
    return settings.max_connections_per_address.value_or(connections_per_address(places));
}

} // namespace muster::server
