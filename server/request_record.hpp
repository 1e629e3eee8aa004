// server/: what the access log tells of one request, and where it goes. session makes the record and hands it over
// without waiting; reporter writes it.
#pragma once

#include "handlers/caller_budget.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace muster::server {

struct request_record {
    /// A target is kept up to here; what is longer is cut.
    static constexpr std::size_t longest_target = 1024;

    std::chrono::system_clock::time_point began; ///< when its first byte was read
    std::string request_id;
    std::string peer;       ///< "127.0.0.1:40312", "unix", or whom a trusted proxy names
    std::string method;     ///< as it came; empty: nothing could be read
    std::string_view route; ///< the pattern, "/user/{id}"; empty: none. Lives as long as the router.
    std::string target;     ///< as it came, not yet escaped
    int status = 0;         ///< 499: the client left before there was an answer
    std::string_view cause; ///< static text: why it did not end as a plain answer, "client_gone"; empty: it did
    std::chrono::nanoseconds took{};                 ///< from the first byte read to the last byte written
    std::uint64_t bytes = 0;                         ///< written: head and body
    std::optional<std::chrono::milliseconds> budget; ///< its caller's, if it was smaller than the route's
    handlers::deadline_header_set ignored{};         ///< of the caller's time limits: what was no time
};

/// Of a connection that was answered 503 without reading a request; `cause` is static text.
[[nodiscard]] inline request_record record_of_refused_connection(std::string peer, std::string request_id,
                                                                 std::string_view cause) {
    request_record made;
    made.began = std::chrono::system_clock::now();
    made.request_id = std::move(request_id);
    made.peer = std::move(peer);
    made.status = 503;
    made.cause = cause;
    return made;
}

/// One a loop; its thread only.
class request_log {
  public:
    virtual ~request_log() = default;

    /// Takes the record, or counts it as dropped. Never waits, never throws.
    virtual void add(request_record&& record) noexcept = 0;
};

} // namespace muster::server
