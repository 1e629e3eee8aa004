// bench/fanout: libbench_allocations.so, preloaded into a contestant (LD_PRELOAD): counts what it takes from the heap,
// operator new and whatever libraries take included, in a file that others can read meanwhile
// (BENCH_ALLOCATIONS=FILE: one number of eight bytes).
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// glibc's own names for what is hidden here: no dlsym, which allocates.
extern "C" {
void* libc_malloc(std::size_t size) __asm__("__libc_malloc");
void* libc_calloc(std::size_t nmemb, std::size_t size) __asm__("__libc_calloc");
void* libc_realloc(void* ptr, std::size_t size) __asm__("__libc_realloc");
void* libc_memalign(std::size_t alignment, std::size_t size) __asm__("__libc_memalign");
}

namespace {

std::atomic<std::uint64_t> before_there_is_a_file{0};
std::atomic<std::uint64_t>* counter = &before_there_is_a_file;

void count() noexcept {
    counter->fetch_add(1, std::memory_order_relaxed);
}

__attribute__((constructor)) void share() {
    const char* const path = std::getenv("BENCH_ALLOCATIONS");
    const int file = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return;
    }
    void* const shared = ::mmap(nullptr, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (shared != MAP_FAILED) {
        counter = static_cast<std::atomic<std::uint64_t>*>(shared);
    }
}

} // namespace

extern "C" {

__attribute__((visibility("default"))) void* malloc(std::size_t size) {
    count();
    return libc_malloc(size);
}

__attribute__((visibility("default"))) void* calloc(std::size_t nmemb, std::size_t size) {
    count();
    return libc_calloc(nmemb, size);
}

__attribute__((visibility("default"))) void* realloc(void* ptr, std::size_t size) {
    count();
    return libc_realloc(ptr, size);
}

__attribute__((visibility("default"))) void* memalign(std::size_t alignment, std::size_t size) {
    count();
    return libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) void* aligned_alloc(std::size_t alignment, std::size_t size) {
    count();
    return libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) int posix_memalign(void** memptr, std::size_t alignment, std::size_t size) {
    count();
    *memptr = libc_memalign(alignment, size);
    return *memptr == nullptr ? 12 : 0; // ENOMEM
}
}
