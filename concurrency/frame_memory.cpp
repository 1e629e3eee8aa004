// concurrency/: see frame_memory.hpp. The lists are thread_local, the one exception to "everything is passed in": a
// frame is made before it knows its loop, and may end on another thread's.
#include "concurrency/frame_memory.hpp"

#include <array>
#include <cstdint>
#include <new>
#include <utility>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define MUSTER_FRAMES_FROM_HEAP
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUSTER_FRAMES_FROM_HEAP
#endif

namespace muster::concurrency::detail {

#ifdef MUSTER_FRAMES_FROM_HEAP

void* allocate_frame(std::size_t size) {
    return ::operator new(size);
}

void deallocate_frame(void* memory, std::size_t /*size*/) noexcept {
    ::operator delete(memory);
}

bool frames_are_kept() noexcept {
    return false;
}

std::size_t kept_frame_bytes() noexcept {
    return 0;
}

#else

namespace {

constexpr std::size_t lists = largest_kept_frame / frame_size_step;

constexpr std::size_t list_of(std::size_t size) noexcept {
    return (size - 1) / frame_size_step;
}

constexpr std::size_t size_of(std::size_t list) noexcept {
    return (list + 1) * frame_size_step;
}

struct free_frame {
    free_frame* next;
};

/// No constructor and no destructor, so that reaching it costs no check: a thread begins with lists that have no room,
/// and the first frame that ends on it opens them.
struct thread_frames {
    struct list {
        free_frame* first;
        std::uint32_t room; // for how many more
    };

    std::array<list, lists> of_size;
    bool opened;
};

constinit thread_local thread_frames kept{};

/// Gives all back when its thread ends, and leaves no room for frames that end even later.
struct closer {
    closer() noexcept {
        for (std::size_t i = 0; i != lists; ++i) {
            kept.of_size[i].room = static_cast<std::uint32_t>(kept_frames_limit / size_of(i));
        }
    }

    closer(const closer&) = delete;
    closer& operator=(const closer&) = delete;

    ~closer() {
        for (auto& list : kept.of_size) {
            list.room = 0;
            while (list.first != nullptr) {
                ::operator delete(std::exchange(list.first, list.first->next));
            }
        }
    }
};

void open() noexcept {
    kept.opened = true;
    thread_local const closer at_the_end;
}

} // namespace

void* allocate_frame(std::size_t size) {
    if (size > largest_kept_frame) [[unlikely]] {
        return ::operator new(size);
    }
    auto& list = kept.of_size[list_of(size)];
    if (list.first == nullptr) [[unlikely]] {
        return ::operator new(size_of(list_of(size)));
    }
    ++list.room;
    return std::exchange(list.first, list.first->next);
}

void deallocate_frame(void* memory, std::size_t size) noexcept {
    if (size > largest_kept_frame) [[unlikely]] {
        ::operator delete(memory);
        return;
    }
    if (!kept.opened) [[unlikely]] {
        open();
    }
    auto& list = kept.of_size[list_of(size)];
    if (list.room == 0) [[unlikely]] {
        ::operator delete(memory);
        return;
    }
    --list.room;
    list.first = new (memory) free_frame{list.first};
}

bool frames_are_kept() noexcept {
    return true;
}

std::size_t kept_frame_bytes() noexcept {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i != lists; ++i) {
        for (const auto* frame = kept.of_size[i].first; frame != nullptr; frame = frame->next) {
            bytes += size_of(i);
        }
    }
    return bytes;
}

#endif

} // namespace muster::concurrency::detail
