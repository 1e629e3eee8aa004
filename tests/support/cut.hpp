// tests/support: a scenario cut after every possible step. Each run starts afresh on a new loop, lets it take k steps,
// cancels it, and waits for its end; the loop's destructor checks that nothing is left.
#pragma once

#include "tests/support/test_loop.hpp"

#include <functional>

namespace muster::tests {

/// Runs `scenario(loop)` cut at step 0, 1, 2, ... until it ends before the cut. Returns the number of cuts that hit it.
/// `after(loop)`, if any, is called when each run has ended.
int cut_at_every_step(const std::function<concurrency::task<void>(test_loop&)>& scenario,
                      const std::function<void(test_loop&)>& after = {});

} // namespace muster::tests
