// tests/support: see allocations.hpp. The other forms of operator new and delete call these.
#include "tests/support/allocations.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MUSTER_OTHER_OPERATOR_NEW
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUSTER_OTHER_OPERATOR_NEW
#endif

namespace muster::tests {

#ifdef MUSTER_OTHER_OPERATOR_NEW

bool allocations_are_counted() noexcept {
    return false;
}

std::uint64_t allocations() noexcept {
    return 0;
}

std::uint64_t releases() noexcept {
    return 0;
}

#else

namespace {

constinit thread_local std::uint64_t taken = 0;
constinit thread_local std::uint64_t given_back = 0;

void* take(void* memory) {
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    ++taken;
    return memory;
}

void give_back(void* memory) noexcept {
    if (memory != nullptr) {
        ++given_back;
        std::free(memory); // NOLINT(cppcoreguidelines-no-malloc)
    }
}

} // namespace

bool allocations_are_counted() noexcept {
    return true;
}

std::uint64_t allocations() noexcept {
    return taken;
}

std::uint64_t releases() noexcept {
    return given_back;
}

#endif

} // namespace muster::tests

#ifndef MUSTER_OTHER_OPERATOR_NEW

// NOLINTBEGIN(cppcoreguidelines-no-malloc): what replaces operator new stands on malloc
void* operator new(std::size_t size) {
    return muster::tests::take(std::malloc(size == 0 ? 1 : size));
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    return muster::tests::take(memalign(static_cast<std::size_t>(alignment), size));
}

void operator delete(void* memory) noexcept {
    muster::tests::give_back(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    muster::tests::give_back(memory);
}

void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
    muster::tests::give_back(memory);
}

void operator delete(void* memory, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
    muster::tests::give_back(memory);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    ++muster::tests::taken;
    return memalign(alignment, size);
}

// NOLINTEND(cppcoreguidelines-no-malloc)

#endif
