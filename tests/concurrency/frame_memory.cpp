// tests of concurrency/frame_memory.hpp: what ended serves again, what is kept is bounded and goes back, and a warm
// fan-out asks the heap for nothing. Under a sanitizer nothing is kept.
#include "concurrency/frame_memory.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/operation.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/real_loops.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define MUSTER_POISONED(address) (__asan_address_is_poisoned(address) != 0)
#endif
#endif

using namespace muster::concurrency;
using namespace muster::concurrency::detail;
using namespace std::chrono_literals;
using muster::tests::allocation_count;
using muster::tests::real_loops;

namespace {

constexpr std::size_t most_in_all = kept_frames_limit * (largest_kept_frame / frame_size_step);

/// Takes `n` frames of each size at once and gives them all back.
void burst(std::size_t n, const std::vector<std::size_t>& sizes) {
    std::vector<std::pair<void*, std::size_t>> frames;
    for (std::size_t i = 0; i != n; ++i) {
        for (const std::size_t size : sizes) {
            frames.emplace_back(allocate_frame(size), size);
        }
    }
    for (const auto& [memory, size] : frames) {
        deallocate_frame(memory, size);
    }
}

/// Runs `f` on a thread of its own, which begins without a frame.
void on_new_thread(const std::function<void()>& f) {
    std::thread(f).join();
}

} // namespace

TEST_CASE("the memory of a frame that ended serves the next of about its size") {
    on_new_thread([] {
        void* const first = allocate_frame(200);
        deallocate_frame(first, 200);
        CHECK(kept_frame_bytes() == (frames_are_kept() ? 256U : 0U));
        void* const other = allocate_frame(300);
        CHECK(other != first);
        if (frames_are_kept()) {
            void* const next = allocate_frame(256);
            CHECK(next == first);
            CHECK(kept_frame_bytes() == 0);
            deallocate_frame(next, 256);
        }
        deallocate_frame(other, 300);
    });
}

TEST_CASE("after a burst of 5,000 requests a thread keeps a bounded number of frames") {
    on_new_thread([] {
        burst(5'000, {256});
        CHECK(kept_frame_bytes() <= kept_frames_limit);
        burst(5'000, {1, 64, 448, 672, 1'376, 2'304, 2'400, 4'096});
        CHECK(kept_frame_bytes() <= 8 * kept_frames_limit);
        CHECK((kept_frame_bytes() > kept_frames_limit || !frames_are_kept()));
        std::vector<std::size_t> every;
        for (std::size_t size = frame_size_step; size <= 2 * largest_kept_frame; size += frame_size_step) {
            every.push_back(size);
        }
        burst(600, every);
        CHECK(kept_frame_bytes() <= most_in_all);
    });
}

TEST_CASE("a frame larger than those that are kept goes back to the heap") {
    on_new_thread([] {
        burst(10, {largest_kept_frame + 1, 100'000});
        CHECK(kept_frame_bytes() == 0);
    });
}

TEST_CASE("a frame that ends on another thread stays with that one") {
    void* const frame = allocate_frame(500);
    const std::size_t before = kept_frame_bytes();
    on_new_thread([frame] {
        deallocate_frame(frame, 500);
        CHECK(kept_frame_bytes() == (frames_are_kept() ? 512U : 0U));
    });
    CHECK(kept_frame_bytes() == before);
}

TEST_CASE("a thread that ends gives its frames back, and those that end on it even later") {
    struct last_words {
        std::uint64_t released_before = 0;
        std::uint64_t* released = nullptr;
        void* late = nullptr;

        ~last_words() {
            deallocate_frame(late, 100);
            *released = muster::tests::releases() - released_before;
        }
    };

    std::uint64_t released = 0;
    on_new_thread([&released] {
        thread_local last_words last; // made before the first frame ends, so destroyed after what is kept
        last.released = &released;
        last.late = allocate_frame(100);
        burst(10, {200, 2'000});
        last.released_before = muster::tests::releases();
    });
    if (muster::tests::allocations_are_counted()) {
        CHECK(released >= (frames_are_kept() ? 21U : 1U)); // and what std::thread itself gives back
    }
}

TEST_CASE("under a sanitizer no frame is kept, so that the use of one that has ended is found") {
#ifndef MUSTER_FRAMES_FROM_HEAP
    CHECK(frames_are_kept() == muster::tests::allocations_are_counted());
#else
    CHECK_FALSE(frames_are_kept());
#endif
#ifdef MUSTER_POISONED
    void* const frame = allocate_frame(200);
    CHECK_FALSE(MUSTER_POISONED(frame));
    deallocate_frame(frame, 200);
    CHECK(MUSTER_POISONED(frame));
#endif
}

namespace {

using local_socket = boost::asio::basic_stream_socket<boost::asio::local::stream_protocol, deferred_executor>;

/// What the 17th fan-out of three takes from the heap.
template <class Child>
task<std::uint64_t> allocations_when_warm(Child child) {
    for (int i = 0; i != 16; ++i) {
        co_await when_all(child(0), child(1), child(2));
    }
    const allocation_count count;
    const auto [a, b, c] = co_await when_all(child(0), child(1), child(2));
    const auto taken = count.so_far();
    CHECK(a + b + c == 3);
    co_return taken;
}

} // namespace

TEST_CASE("a warm fan-out of three tasks that each await something asks the heap for nothing") {
    real_loops loops(1);

    const auto sleeps = [](int /*which*/) -> task<int> {
        co_await sleep_for(1ms);
        co_return 1;
    };
    const auto steps_back = [](int /*which*/) -> task<int> {
        co_await reschedule();
        co_return 1;
    };

    std::vector<local_socket> near;
    std::vector<local_socket> far;
    near.reserve(3);
    far.reserve(3);
    for (int i = 0; i != 3; ++i) {
        near.emplace_back(loops[0].context());
        far.emplace_back(loops[0].context());
        boost::asio::local::connect_pair(near.back(), far.back());
    }
    // The first two wait until the third, which starts last, has written to all of them.
    const auto reads = [&](int which) -> task<int> {
        if (which == 2) {
            for (auto& socket : far) {
                co_await socket.async_write_some(boost::asio::buffer("x", 1));
            }
        }
        char byte = 0;
        co_return static_cast<int>(co_await near.at(which).async_read_some(boost::asio::buffer(&byte, 1)));
    };

    const auto sleeping = loops.run(0, allocations_when_warm(sleeps));
    const auto stepping_back = loops.run(0, allocations_when_warm(steps_back));
    const auto reading = loops.run(0, allocations_when_warm(reads));
    if (frames_are_kept()) {
        CHECK(sleeping == 0);
        CHECK(stepping_back == 0);
        CHECK(reading == 0);
    }
}
