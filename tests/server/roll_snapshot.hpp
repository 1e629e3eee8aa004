// tests/server: a snapshot made by hand: a request with two children on loop-0, an idle connection and a listener, an
// abandoned operation, a background task on the admin loop, and loop-1 silent.
#pragma once

#include "concurrency/registry.hpp"

namespace muster::tests {

[[nodiscard]] concurrency::snapshot sample_snapshot();

} // namespace muster::tests
