// config/: the floor that knows what the user wants; it knows nothing of the floors above or beside it.
// This file is its product: every setting with its default, as plain values that the composition root hands out.
#pragma once

#include "config/address.hpp"
#include "config/network.hpp"
#include "config/source_url.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::config {

enum class log_level { trace, debug, info, warn, error };

/// What a 502, 503 or 504 tells the client: every source that was waited for, or budget and cause alone.
enum class explain_level : std::uint8_t { full, minimal };

/// `automatic` is text on a terminal, JSON elsewhere.
enum class log_format { automatic, text, json };

/// Which header field tells a source over HTTP the time that is left.
enum class deadline_dialect : std::uint8_t {
    x_request_timeout_ms,
    connect_timeout_ms,
    grpc_timeout,
    x_envoy_expected_rq_timeout_ms,
    x_yataxi_client_timeoutms,
    request_timeout, ///< in whole seconds
    off,
};

/// How much of a source may be used at once, for the whole process. Which of it counts depends on the source's kind.
struct source_policy {
    std::size_t workers = 4;           ///< SQLite: threads, each with one connection; at least 1
    std::size_t queue = 256;           ///< questions that may wait for a worker or a connection; at least 1
    std::size_t connections = 256;     ///< HTTP, as all that follows: open at once; at least 1
    std::optional<std::size_t> idle{}; ///< see idle_connections()
    std::chrono::milliseconds connect{std::chrono::seconds{1}};       ///< for a connection to come about
    std::chrono::milliseconds idle_timeout{std::chrono::seconds{30}}; ///< until an idle connection is closed
    std::uint64_t head = 16 * 1024;                                   ///< of an answer, in bytes
    std::uint64_t body = 8 * 1024 * 1024;                             ///< of an answer, in bytes
    deadline_dialect deadline = deadline_dialect::x_request_timeout_ms;

    bool operator==(const source_policy&) const = default;
};

/// Connections of a source over HTTP that stay open without work: as set, else 64, but no more than there are.
[[nodiscard]] std::size_t idle_connections(const source_policy& policy);

/// A policy that somebody set, for a message such as "muster: <given_as>: a source over HTTP has no workers".
struct given_policy {
    std::string_view name; ///< of the table of policies
    std::string given_as;

    bool operator==(const given_policy&) const = default;
};

struct source {
    source_url url = default_source();
    source_policy policy;
    std::vector<given_policy> given; ///< lowest origin first

    bool operator==(const source&) const = default;
};

/// A time limit that the file sets for one route.
struct route_limit {
    std::string pattern; ///< as the routes are written: "/user/{id}"
    std::chrono::milliseconds timeout{};
    std::string given_as; ///< for a message such as "muster: <given_as>: no such route"

    bool operator==(const route_limit&) const = default;
};

/// What one request, one connection and all of them may take of this process. Bytes, unless it says otherwise.
struct client_limits {
    std::uint64_t head = 16 * 1024;
    std::uint64_t target = 8 * 1024;
    std::uint64_t fields = 100; ///< in number
    std::uint64_t body = 64 * 1024;
    std::uint64_t body_rate = 240;         ///< a second, at least, after a grace; 0: any
    std::uint64_t pipelined = 1000;        ///< requests that came before their turn, in a row
    std::optional<std::uint64_t> buffered; ///< what clients hold of our memory in all; none: by the memory allowed

    bool operator==(const client_limits&) const = default;
};

struct settings {
    std::vector<endpoint> listen{tcp_endpoint{"127.0.0.1", 8080}};  ///< never empty
    std::optional<endpoint> admin{tcp_endpoint{"127.0.0.1", 9090}}; ///< none: no admin listener
    std::string admin_token_file; ///< whoever asks for debug routes must bring its content; empty: nothing is asked for
    bool debug_on_public = false;
    bool reuse_port = false;                    ///< share the ports with another process instead of failing
    std::optional<std::size_t> max_connections; ///< none: from descriptors and memory
    /// Of one IPv4 address, or one IPv6 /64; 0: as many as there are. None: from the limit above.
    std::optional<std::size_t> max_connections_per_address;
    trusted_peers trusted{}; ///< whose Forwarded and X-Forwarded-For name the peer

    source users;
    source profiles;
    source posts;
    /// Whether the user named any source. Only when this is false the default database may be created and filled
    /// with sample people: a mistyped path must never serve invented ones.
    bool sources_named = false;
    bool seed = false; ///< create and fill a named database that is absent
    explain_level explain = explain_level::full;

    std::chrono::milliseconds timeout{std::chrono::seconds{5}}; ///< of every route that `routes` does not name
    std::vector<route_limit> routes;                            ///< no pattern twice; nobody checked that they exist
    std::chrono::milliseconds head_timeout{std::chrono::seconds{10}}; ///< a request's head; within read_timeout
    std::chrono::milliseconds read_timeout{std::chrono::seconds{15}}; ///< a whole request
    std::chrono::milliseconds write_timeout{std::chrono::seconds{15}};
    std::chrono::milliseconds idle_timeout{std::chrono::seconds{60}};
    client_limits limits;
    std::optional<std::chrono::milliseconds> drain; ///< none: see drain_time()
    std::chrono::milliseconds drain_delay{0};       ///< how long to go on accepting before it

    unsigned threads = 0;    ///< loops; 0: default_threads()
    std::string config_file; ///< the file that was read; empty: none
    log_level level = log_level::info;
    log_format format = log_format::automatic;
    std::string access_log = "-"; ///< a file, "-" for standard output, or "off"

    bool operator==(const settings&) const = default;
};

/// The time limit of the route written as `pattern`.
[[nodiscard]] std::chrono::milliseconds timeout_of(const settings& all, std::string_view pattern);

/// The grace period at shutdown: as set, else the longest limit of a route and one second.
[[nodiscard]] std::chrono::milliseconds drain_time(const settings& all);

} // namespace muster::config
