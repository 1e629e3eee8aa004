// concurrency/: how a broken invariant is reported.
#include "concurrency/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace muster::concurrency {

void invariant_broken(const char* what, const char* file, int line) noexcept {
    std::fprintf(stderr, "muster: invariant broken: %s (%s:%d)\n", what, file, line);
    std::abort();
}

} // namespace muster::concurrency
