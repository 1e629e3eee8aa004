// tests/support: see real_loops.hpp.
#include "tests/support/real_loops.hpp"

#include "concurrency/abandoned.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::tests {

real_loops::real_loops(std::size_t n) : pool_(n) {
    pool_.start();
}

real_loops::~real_loops() {
    pool_.stop_when_empty();
    pool_.join();
    for (const concurrency::loop* l : pool_.loops()) {
        CHECK(l->live_tasks() == 0);
        CHECK(l->counts().live_frames == 0);
    }
}

} // namespace muster::tests
