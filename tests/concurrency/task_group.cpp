// tests of concurrency/task_group.hpp.
#include "concurrency/task_group.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/shield.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

struct load {
    int now = 0;
    int most = 0;
    int done = 0;
};

task<void> works(duration d, load& l) {
    l.most = std::max(l.most, ++l.now);

    struct leaves {
        load& l;

        ~leaves() {
            --l.now;
            ++l.done;
        }
    } const at_end{l};

    co_await sleep_for(d);
}

} // namespace

TEST_CASE("a group runs at most its limit at a time, and with_group yields the body's value when all have ended") {
    test_loop loop;
    load l;
    const auto work = [&]() -> task<int> {
        return with_group(3, [&l](task_group& group) -> task<int> {
            for (int i = 0; i != 10; ++i) {
                co_await group.spawn("worker", works(10ms, l));
            }
            co_return 7;
        });
    };
    CHECK(loop.run(work()) == 7);
    CHECK(l.most == 3);
    CHECK(l.done == 10);
    CHECK(loop.now() == 40ms);
}

TEST_CASE("invariant 1: with_group returns only after every started child has ended") {
    test_loop loop;
    bool ended = false;
    const auto slow_end = [](bool& flag) -> task<void> {
        bool cut = false;
        try {
            co_await sleep_for(1h);
        } catch (const cancelled&) {
            cut = true;
        }
        const auto tidy = []() -> task<void> { co_await sleep_for(12ms); };
        co_await shield(1s, tidy());
        flag = cut;
    };
    const auto fails = []() -> task<void> {
        co_await sleep_for(1ms);
        throw std::runtime_error("a child failed");
    };
    const auto work = [&]() -> task<void> {
        return with_group(8, [&](task_group& group) -> task<void> {
            co_await group.spawn("slow", slow_end(ended));
            co_await group.spawn("fails", fails());
            co_await sleep_for(1h);
        });
    };
    CHECK_THROWS_AS(loop.run(work()), std::runtime_error);
    CHECK(ended);
    CHECK(loop.now() == 13ms);
}

TEST_CASE("a body that fails cancels the children of its group") {
    test_loop loop;
    load l;
    const auto work = [&]() -> task<void> {
        return with_group(8, [&l](task_group& group) -> task<void> {
            co_await group.spawn("worker", works(1h, l));
            throw std::logic_error("the body failed");
        });
    };
    CHECK_THROWS_AS(loop.run(work()), std::logic_error);
    CHECK(l.done == 1);
    CHECK(loop.now() == 0ms);
}

TEST_CASE("a body that waits for a place hears the cancel of its group") {
    test_loop loop;
    load l;
    const auto work = [&]() -> task<void> {
        return with_group(1, [&l](task_group& group) -> task<void> {
            co_await group.spawn("holds the place", works(1h, l));
            co_await group.spawn("never starts", works(1h, l));
        });
    };
    const auto body = [&]() -> task<void> { co_await with_timeout(2s, work()); };
    CHECK_THROWS_AS(loop.run(body()), deadline_exceeded);
    CHECK(l.done == 1);
    CHECK(loop.now() == 2s);
}

TEST_CASE("a group's task is back under its outer scope afterwards") {
    test_loop loop;
    const auto work = [&]() -> task<void> {
        const cancel_scope& before = co_await current_scope();
        co_await with_group(1, [](task_group& /*group*/) -> task<void> { co_return; });
        const cancel_scope& after = co_await current_scope();
        CHECK(&before == &after);
    };
    loop.run(work());
}

TEST_CASE("what a child was given is gone when its group is, and before what the group's parent holds") {
    test_loop loop;
    std::vector<std::string> order;

    struct says {
        std::vector<std::string>* to = nullptr;
        std::string word;

        says(std::vector<std::string>& o, std::string w) : to(&o), word(std::move(w)) {}

        says(says&& other) noexcept : to(std::exchange(other.to, nullptr)), word(std::move(other.word)) {}

        says(const says&) = delete;
        says& operator=(const says&) = delete;
        says& operator=(says&&) = delete;

        ~says() {
            if (to != nullptr) {
                to->push_back(word);
            }
        }
    };

    const auto child = [](says /*argument*/) -> task<void> { co_await sleep_for(1ms); };
    const auto parent = [&]() -> task<void> {
        const says local(order, "the parent's local");
        co_await with_group(4, [&](task_group& group) -> task<void> {
            co_await group.spawn("a", child(says(order, "an argument")));
            co_await group.spawn("b", child(says(order, "an argument")));
        });
        order.emplace_back("the group has ended");
    };
    loop.run(parent());
    CHECK(order == std::vector<std::string>{"an argument", "an argument", "the group has ended", "the parent's local"});
}

TEST_CASE("a group of many children holds no more of them than its limit") {
    test_loop loop;
    std::uint64_t most = 0;
    const auto at_once = []() -> task<void> { co_return; };
    const auto soon = []() -> task<void> { co_await sleep_for(1ms); };
    const auto body = [&]() -> task<void> {
        co_await with_group(2, [&](task_group& group) -> task<void> {
            for (int i = 0; i != 1000; ++i) {
                co_await group.spawn("child", i % 10 == 0 ? soon() : at_once());
                most = std::max(most, loop.get().counts().live_frames);
            }
        });
    };
    loop.run(body());
    CHECK(most < 20);
}
