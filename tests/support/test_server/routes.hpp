// tests/support/test_server: routes that do what no route should.
#pragma once

#include "handlers/router.hpp"

namespace muster::tests {

/// GET /test/block-loop?for=12s holds its loop's thread; GET /test/wait?for=2s waits; GET /test/finish?for=2s waits
/// too, even when its client has left; GET /test/throw throws.
void add_test_routes(handlers::router& router);

} // namespace muster::tests
