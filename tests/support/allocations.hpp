// tests/support: how often a piece of code asks the heap. A test program that links muster_test_allocations has its
// operator new counted, each thread for itself, and its aligned_alloc, from which Asio takes what it keeps for later.
// What takes memory by other ways (malloc in C libraries) is not.
#pragma once

#include <cstdint>

namespace muster::tests {

/// False under a sanitizer, which has an operator new of its own; there nothing is counted.
[[nodiscard]] bool allocations_are_counted() noexcept;

/// By this thread, since it began.
[[nodiscard]] std::uint64_t allocations() noexcept;

/// Those that this thread gave back by operator delete, whoever took them.
[[nodiscard]] std::uint64_t releases() noexcept;

/// Those since it was made, on the thread that made it.
class allocation_count {
  public:
    [[nodiscard]] std::uint64_t so_far() const noexcept { return allocations() - began_; }

  private:
    std::uint64_t began_ = allocations();
};

} // namespace muster::tests
