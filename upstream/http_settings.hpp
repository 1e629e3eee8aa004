// upstream/: what a source that is asked over HTTP needs to know, as plain values; the composition root fills it in
// from the configuration.
#pragma once

#include "upstream/http_origin.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace muster::upstream {

/// In which words a source is told how much time is left for its answer.
enum class deadline_dialect : std::uint8_t {
    none,
    x_request_timeout_ms,
    connect_timeout_ms,
    grpc_timeout,
    x_envoy_expected_rq_timeout_ms,
    x_yataxi_client_timeout_ms,
    request_timeout, ///< whole seconds
};

struct http_settings {
    std::string name; ///< "users", "profiles", "posts": in errors, logs and the roll
    http_origin origin;
    std::size_t connections = 256;                  ///< open at once, hence exchanges at once; at least 1
    std::size_t idle = 64;                          ///< of them kept open without work
    std::size_t queue = 256;                        ///< requests that may wait for one of them; at least 1
    std::chrono::milliseconds connect{1'000};       ///< for a connection to be made
    std::chrono::milliseconds idle_timeout{30'000}; ///< after which one without work is closed
    std::size_t head = 16 * 1024;                   ///< bytes of an answer's status line, fields and trailers
    std::size_t body = 8 * 1024 * 1024;             ///< bytes of an answer's body
    deadline_dialect dialect = deadline_dialect::x_request_timeout_ms;
};

} // namespace muster::upstream
