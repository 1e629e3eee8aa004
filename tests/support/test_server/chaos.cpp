// tests/support/test_server: see chaos.hpp.
#include "tests/support/test_server/chaos.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/offload.hpp"
#include "concurrency/task.hpp"
#include "upstream/errors.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>

namespace muster::tests {

namespace {

using concurrency::offload;
using concurrency::stop_flag;
using namespace std::chrono_literals;

constexpr std::size_t held = 1024 * 1024;

concurrency::task<void> never_ends() {
    [[maybe_unused]] const std::string memory(held, 'x');
    co_await concurrency::sleep_for(24h);
}

} // namespace

chaos_posts::chaos_posts(std::unique_ptr<posts_repository> real, std::optional<std::uint64_t> leak_after)
    : real_(std::move(real)),
      leak_after_(leak_after) {}

concurrency::task<std::vector<upstream::post>> chaos_posts::latest(upstream::user_id author, int limit) const {
    if (leak_after_ && ++asked_ == *leak_after_) {
        auto& self = co_await concurrency::current_task();
        self.home().spawn("planted leak", never_ends());
    }
    co_await before(static_cast<int>(author));
    co_return co_await real_->latest(author, limit);
}

concurrency::task<void> chaos_posts::before(int id) const {
    if (id <= 100 || id > 175) {
        co_return;
    }
    if (id <= 120) {
        co_await concurrency::sleep_for(std::chrono::milliseconds(id - 100));
    } else if (id <= 135) {
        co_await concurrency::sleep_for(24h);
    } else if (id <= 145) {
        co_await offload(hanging_, [](const stop_flag& stop) {
            while (!stop.load()) {
                std::this_thread::sleep_for(5ms);
            }
        });
    } else if (id <= 150) {
        co_await offload(stuck_, [] { std::this_thread::sleep_for(1s); });
    } else if (id <= 165) {
        co_await offload(crowded_, [] { std::this_thread::sleep_for(50ms); });
    } else {
        throw upstream::source_failed("posts", "it was told to fail");
    }
}

} // namespace muster::tests
