// server/: what a request is called, in its answer, in the log and in the roll.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::server {

/// Whether a client's X-Request-Id is taken over: [A-Za-z0-9_-]{1,64}. Anything else could forge lines of a log.
[[nodiscard]] bool valid_request_id(std::string_view id) noexcept;

/// Ids of one loop: a random prefix, so that no two loops, processes or starts share one, and a counter.
class request_ids {
  public:
    request_ids();

    /// "5f0c2a91b3d4-17"
    [[nodiscard]] std::string next();

    /// The client's if it is valid, else next().
    [[nodiscard]] std::string of(std::string_view from_client) {
        return valid_request_id(from_client) ? std::string(from_client) : next();
    }

  private:
    std::string prefix_;
    std::uint64_t last_ = 0;
};

} // namespace muster::server
