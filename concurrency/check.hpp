// concurrency/: the checks that stay on in every build. A broken invariant of the ground floor is memory corruption
// a moment later, so the process says which one it was and ends.
#pragma once

namespace muster::concurrency {

/// Writes one line to standard error and aborts.
[[noreturn]] void invariant_broken(const char* what, const char* file, int line) noexcept;

} // namespace muster::concurrency

/// Ends the process unless `condition` holds; `what` is the invariant in words.
#define MUSTER_INVARIANT(condition, what)                                                                              \
    (static_cast<bool>(condition) ? static_cast<void>(0)                                                               \
                                  : ::muster::concurrency::invariant_broken(what, __FILE__, __LINE__))
