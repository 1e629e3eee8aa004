// handlers/: how long a caller waits, as it says so in any of the headers that clients and proxies use for that.
// dispatch takes the smaller of this and the route's limit.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace muster::handlers {

/// The headers, each known by its place here.
inline constexpr std::array<std::string_view, 6> deadline_headers{
    "X-Request-Timeout-Ms",           "Connect-Timeout-Ms",        "grpc-timeout",
    "X-Envoy-Expected-Rq-Timeout-Ms", "X-YaTaxi-Client-TimeoutMs", "Request-Timeout",
};

/// A set of deadline_headers, by their places.
using deadline_header_set = std::uint8_t;

/// Fed with the fields of a request, one after another; allocates nothing.
///
/// grpc-timeout is 1 to 8 digits and one of H M S m u n, Request-Timeout whole seconds, the others whole milliseconds:
/// digits and nothing else. The smallest counts, whichever header and line it stands in. Zero is a budget that is
/// spent, but Envoy's zero is no limit. What is no such time counts for nothing, and is remembered by the header's
/// name alone. A time beyond the clock's range is as long as that.
class caller_budget {
  public:
    void take(std::string_view name, std::string_view value) noexcept {
        // Decided by length and first letter for nearly every field that a request has.
        switch (name.size()) {
        case 12: // grpc-timeout; as long as Content-Type
            if ((name[0] | 0x20) == 'g')
                take(2, name, value);
            break;
        case 15: // Request-Timeout; as long as Accept-Encoding
            if ((name[0] | 0x20) == 'r')
                take(5, name, value);
            break;
        case 18: // Connect-Timeout-Ms; as long as Sec-CH-UA-Platform
            if ((name[0] | 0x20) == 'c')
                take(1, name, value);
            break;
        case 20:
            take(0, name, value);
            break;
        case 25: // X-YaTaxi-Client-TimeoutMs; as long as Upgrade-Insecure-Requests
            if ((name[0] | 0x20) == 'x')
                take(4, name, value);
            break;
        case 30:
            take(3, name, value);
            break;
        default:
            break;
        }
    }

    /// Nothing if no limit was given.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> limit() const noexcept { return limit_; }

    /// Those that stood there and were no time.
    [[nodiscard]] deadline_header_set ignored() const noexcept { return ignored_; }

  private:
    void take(std::size_t which, std::string_view name, std::string_view value) noexcept;

    std::optional<std::chrono::nanoseconds> limit_;
    deadline_header_set ignored_ = 0;
};

/// Calls `visit(name)` for each of `set`.
template <class Visit>
void for_each_header(deadline_header_set set, Visit&& visit) {
    for (std::size_t i = 0; i < deadline_headers.size(); ++i)
        if ((set >> i & 1U) != 0)
            visit(deadline_headers[i]);
}

} // namespace muster::handlers
