// tests of concurrency/loop.hpp: roots, threads, and how a loop knows that nothing is left.
#include "concurrency/loop.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/operation.hpp"
#include "concurrency/when_all.hpp"
#include "tests/support/real_loops.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::real_loops;
using muster::tests::test_loop;

namespace {

/// Runs `body` in a child process; returns what it wrote to standard error if it aborted, "" if it did not.
std::string message_of_abort(const std::function<void()>& body) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::dup2(ends[1], STDERR_FILENO);
        ::close(ends[0]);
        ::signal(SIGABRT, SIG_DFL); // Catch2's handler would tell the story of the parent
        body();
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[512];
    for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? text : "";
}

} // namespace

TEST_CASE("a root task runs on its loop, not inside spawn") {
    test_loop loop;
    bool ran = false;
    const auto body = [&]() -> task<void> {
        ran = true;
        co_return;
    };
    loop.start(body());
    CHECK_FALSE(ran);
    loop.settle();
    CHECK(ran);
}

TEST_CASE("a root's error goes to the sink, a root's cancel does not") {
    test_loop loop;
    const auto fails = []() -> task<void> {
        co_await sleep_for(1ms);
        throw std::runtime_error("the root failed");
    };
    const auto waits = []() -> task<void> { co_await sleep_for(1h); };
    loop.start(fails());
    loop.start(waits(), 2ms);
    loop.advance(10ms);
    REQUIRE(loop.errors().size() == 1);
    CHECK(loop.errors()[0] == "test: the root failed");
}

TEST_CASE("cancel_all reaches every task of a loop, from any thread") {
    real_loops loops(2);
    const auto waits = []() -> task<std::optional<cancel_cause>> {
        try {
            co_await sleep_for(1h);
        } catch (const cancelled& c) {
            co_return c.cause();
        }
        co_return std::nullopt;
    };
    auto first = loops.start(0, waits());
    auto second = loops.start(1, waits());
    loops[0].cancel_all(cancel_cause::shutdown);
    loops[1].cancel_all(cancel_cause::shutdown);
    CHECK(first.get() == cancel_cause::shutdown);
    CHECK(second.get() == cancel_cause::shutdown);
}

TEST_CASE("invariant 8: a task's state touched on another thread than its loop's ends the process, in words") {
    const auto message = message_of_abort([] {
        loop l;
        cancel_scope* scope = nullptr;
        std::atomic<bool> ready{false};
        const auto waits = [&]() -> task<void> {
            scope = &co_await current_scope();
            ready.store(true);
            co_await sleep_for(1h);
        };
        l.spawn("waits", waits());
        std::thread runs([&] { l.run(); });
        while (!ready.load()) {
            std::this_thread::yield();
        }
        scope->cancel(cancel_cause::requested); // on the wrong thread
        ::_exit(0);
    });
    CHECK(message.find("invariant broken: a scope is touched on its loop's thread only") != std::string::npos);
}

TEST_CASE("invariant 9: after its last root a loop holds no task and no frame, and lets run() return") {
    loop_pool pool(2);
    const auto child = [](int n) -> task<int> {
        co_await sleep_for(std::chrono::milliseconds(n % 5));
        co_return n;
    };
    const auto root = [&]() -> task<void> {
        for (int i = 0; i != 10; ++i) {
            co_await when_all(child(i), child(i + 1), child(i + 2));
        }
    };
    for (int i = 0; i != 50; ++i) {
        pool[static_cast<std::size_t>(i % 2)].spawn("root", root());
    }
    pool.start();
    // Nobody may stop a loop before its roots have begun: they are posted before this.
    pool.stop_when_empty();
    pool.join();
    for (const loop* l : pool.loops()) {
        CHECK(l->counts().started == 25 * 31);
        CHECK(l->counts().ended == 25 * 31);
        CHECK(l->counts().live_frames == 0);
        for (const auto& kind : l->counts().kinds) {
            CHECK(kind.roots == 0);
            CHECK(kind.tasks == 0);
        }
        CHECK(l->empty());
    }
}

TEST_CASE("invariant 9: a loop destroyed with a live task ends the process instead of the task's memory") {
    const auto message = message_of_abort([] {
        test_loop* loop = new test_loop; // its destructor would cancel first
        const auto waits = []() -> task<void> { co_await sleep_for(1h); };
        loop->start(waits());
        loop->settle();
        loop->get().~loop();
    });
    CHECK(message.find("invariant broken: no task outlives its loop") != std::string::npos);
}

TEST_CASE("ids of several loops never meet") {
    loop_pool pool(3, 1);
    loop other({.name = "admin", .index = 3, .stride = 4});
    std::vector<std::uint64_t> ids;
    for (int i = 0; i != 10; ++i) {
        for (loop* l : pool.loops()) {
            ids.push_back(l->next_id());
        }
        ids.push_back(other.next_id());
    }
    std::ranges::sort(ids);
    CHECK(std::ranges::adjacent_find(ids) == ids.end());
    CHECK(ids.front() == 1);
}

TEST_CASE("invariant 9: a loop asked to stop when empty runs the roots that were spawned before, to their end") {
    loop l;
    bool cleaned_up = false;
    const auto cleans_up = [&]() -> task<void> {
        co_await sleep_for(1ms);
        cleaned_up = true;
    };
    const auto last = [&]() -> task<void> {
        l.stop_when_empty();
        co_await reschedule();
        co_await reschedule();
        l.spawn("clean-up", cleans_up());
    };
    l.spawn("last", last());
    l.run();
    CHECK(cleaned_up);
}

TEST_CASE("a root's age counts from its own beginning, however long the loop was idle before") {
    test_loop loop;
    loop.settle();
    loop.get().now();
    loop.advance(10s);
    duration age = duration::max();
    const auto looks = [&]() -> task<void> {
        const task_node& me = co_await current_task();
        age = me.home().now() - me.started_at();
    };
    loop.run(looks());
    CHECK(age == 0s);
}
