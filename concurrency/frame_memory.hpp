// concurrency/: the memory of coroutine frames: each thread keeps a bounded number of those that ended, by size, for
// the next ones. Why, and what it gains: docs/decisions/0013.
#pragma once

#include <cstddef>

namespace muster::concurrency::detail {

inline constexpr std::size_t frame_size_step = 64;            // sizes are rounded up to it: one list a step
inline constexpr std::size_t largest_kept_frame = 4096;       // larger ones come from the heap and go back there
inline constexpr std::size_t kept_frames_limit = 32UL * 1024; // bytes in one list; 2 MiB in all of a thread's

/// Memory for a frame, aligned as operator new does it. Throws std::bad_alloc.
[[nodiscard]] void* allocate_frame(std::size_t size);

/// Gives back what allocate_frame(size) gave, on any thread: it stays with the one that calls. Lists that are full, and
/// those of a thread that has ended, hand on to the heap.
void deallocate_frame(void* memory, std::size_t size) noexcept;

/// False where memory errors are looked for (a sanitizer, or MUSTER_FRAMES_FROM_HEAP for tools like Valgrind): there
/// every frame comes from the heap and goes back at once, so that whoever uses one that has ended is found.
[[nodiscard]] bool frames_are_kept() noexcept;

/// What this thread keeps, in bytes.
[[nodiscard]] std::size_t kept_frame_bytes() noexcept;

} // namespace muster::concurrency::detail
