// server/: see process_health.hpp.
#include "server/process_health.hpp"

#include "concurrency/time.hpp"

#include <string>

namespace muster::server {

handlers::verdict process_health::live() const {
    if (const auto stuck = loops_.longest_stuck(concurrency::clock::now())) {
        return {.ok = false,
                .text = stuck->loop + " has been stuck for " + std::to_string(stuck->since.count()) + " s"};
    }
    return {};
}

handlers::verdict process_health::ready() const {
    if (draining_.load()) {
        return {.ok = false, .text = "draining"};
    }
    if (!started_.load()) {
        return {.ok = false, .text = "starting"};
    }
    return {};
}

} // namespace muster::server
