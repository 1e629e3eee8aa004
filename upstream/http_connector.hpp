// upstream/: from a source's addresses to one connection, in the order and with the patience of RFC 8305.
#pragma once

#include "concurrency/task.hpp"
#include "upstream/http_socket.hpp"

#include <chrono>
#include <span>

namespace muster::upstream {

/// How long one attempt is alone before the next address is tried beside it (RFC 8305, section 5).
inline constexpr std::chrono::milliseconds connection_attempt_delay{250};

/// The first of `addresses`, which are not empty and outlive the task, that lets itself be connected; the others are
/// given up. An address is tried when the one before has failed, or after the delay. Throws the first one's
/// system_error when all have failed. Bounded by the caller's scope.
[[nodiscard]] concurrency::task<http_socket> connect_to_one(std::span<const http_endpoint> addresses);

} // namespace muster::upstream
