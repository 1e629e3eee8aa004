// tests of concurrency/background.hpp: who owns work that belongs to no request, and how it ends.
#include "concurrency/background.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/offload.hpp"
#include "tests/support/real_loops.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace muster::concurrency;
using namespace std::chrono_literals;
using muster::tests::test_loop;

namespace {

struct scene {
    explicit scene(background::patience p = {}) : owner(loop.get(), [this](const auto& f) { note(f); }, p) {}

    void note(const background::failure& failure) {
        std::string text(failure.name);
        if (failure.error) {
            try {
                std::rethrow_exception(failure.error);
            } catch (const std::exception& e) {
                text += std::string(": ") + e.what();
            }
        } else {
            text += " returned";
        }
        if (failure.again) {
            text +=
                ", again in " + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*failure.again) /
                                               std::chrono::milliseconds(1));
        }
        failures.push_back(text);
    }

    background::drained drain(duration most = 1h) { return loop.run(owner.drain(most)); }

    test_loop loop;
    std::vector<std::string> failures;
    background owner;
};

task<void> sleep(duration d) {
    co_await sleep_for(d);
}

task<void> obeys(service_call& call) {
    while (!call.ending()) {
        co_await call.wait_for(1h);
    }
}

/// A wait that hears of no cancel: what the house does not have.
struct deaf_wait {
    struct awaiter {
        frame& f;
        frame*& kept;

        [[nodiscard]] bool await_ready() const noexcept { return false; }

        void await_suspend(std::coroutine_handle<> /*self*/) const noexcept { kept = &f; }

        void await_resume() const noexcept {}
    };

    frame*& kept;

    awaiter bind(frame& f) && noexcept { return {f, kept}; }
};

task<void> fails(service_call& /*call*/) {
    throw std::runtime_error("no luck");
    co_return;
}

task<void> returns(service_call& /*call*/) {
    co_return;
}

} // namespace

TEST_CASE("background work is in the roll by name, as a task of its own, until it ends") {
    scene s;
    s.owner.start("copy", sleep(10ms), 1s);
    s.owner.serve("reporter", obeys, 1s);
    CHECK(s.owner.live() == 0); // it begins from the loop
    s.loop.settle();
    CHECK(s.owner.live() == 2);
    const auto& counts = s.loop.get().counts().of(task_kind::background);
    CHECK(counts.roots == 2);
    std::vector<std::string> names;
    for (const auto& each : s.loop.get().registry()) {
        names.emplace_back(static_cast<const task_node&>(each).label().name);
    }
    CHECK(names == std::vector<std::string>{"copy", "reporter"});
    s.loop.advance(20ms);
    CHECK(s.owner.live() == 1);
    CHECK(s.failures.empty());
    s.drain();
}

TEST_CASE("work that ends by itself is cut at its budget, and that is told") {
    scene s;
    s.owner.start("copy", sleep(1h), 2s);
    s.loop.advance(1999ms);
    CHECK(s.failures.empty());
    s.loop.advance(2ms);
    REQUIRE(s.failures.size() == 1);
    CHECK(s.failures[0].starts_with("copy: "));
    CHECK(s.failures[0].find("again") == std::string::npos);
    CHECK(s.owner.live() == 0);
}

TEST_CASE("a service that fails is started again after pauses that double up to a longest one, told once each") {
    scene s({.first = 100ms, .longest = 500ms, .good = 60s});
    s.owner.serve("reporter", fails, 1s);
    s.loop.advance(99ms);
    CHECK(s.failures.size() == 1);
    s.loop.advance(1500ms);
    CHECK(s.failures == std::vector<std::string>{"reporter: no luck, again in 100", "reporter: no luck, again in 200",
                                                 "reporter: no luck, again in 400", "reporter: no luck, again in 500",
                                                 "reporter: no luck, again in 500"}); // at 0, 100, 300, 700, 1200
    s.drain();
    CHECK(s.failures.size() == 5);
}

TEST_CASE("a service that returns unasked is a failure like another, never a hot loop") {
    scene s;
    s.owner.serve("reporter", returns, 1s);
    s.loop.advance(10s);
    CHECK(s.failures.size() == 7); // at 0, 0.1, 0.3, 0.7, 1.5, 3.1, 6.3
    CHECK(s.failures[0] == "reporter returned, again in 100");
    s.drain();
}

TEST_CASE("a service that cannot even be made is one that failed") {
    scene s;
    s.owner.serve("reporter", [](service_call&) -> task<void> { throw std::runtime_error("not made"); }, 1s);
    s.loop.advance(50ms);
    CHECK(s.failures == std::vector<std::string>{"reporter: not made, again in 100"});
    s.drain();
}

TEST_CASE("who ran well for long begins with the first pause again") {
    scene s({.first = 100ms, .longest = 30s, .good = 10s});
    int starts = 0;
    s.owner.serve(
        "reporter",
        [&starts](service_call&) -> task<void> {
            return [](int n) -> task<void> {
                co_await sleep_for(n == 3 ? duration(10s) : duration(1s));
                throw std::runtime_error("no luck");
            }(++starts);
        },
        1s);
    s.loop.advance(20s);
    REQUIRE(s.failures.size() >= 4);
    CHECK(s.failures[1] == "reporter: no luck, again in 200");
    CHECK(s.failures[2] == "reporter: no luck, again in 100");
    CHECK(s.failures[3] == "reporter: no luck, again in 200");
    s.drain();
}

TEST_CASE("waking a service shortens its own wait, but not the pause after its failure") {
    scene s;
    service_call* call = nullptr;
    int turns = 0;
    s.owner.serve(
        "reporter",
        [&](service_call& c) -> task<void> {
            call = &c;
            return [](service_call& own, int& n) -> task<void> {
                while (++n < 4) {
                    co_await own.wait_for(1h);
                }
                throw std::runtime_error("no luck");
            }(c, turns);
        },
        1s);
    s.loop.settle();
    CHECK(turns == 1);
    call->wake();
    call->wake(); // one that is heard is enough
    s.loop.settle();
    CHECK(turns == 2);
    s.loop.advance(3600s);
    CHECK(turns == 3);
    call->wake();
    s.loop.settle();
    CHECK(s.failures.size() == 1);
    call->wake();
    s.loop.advance(90ms);
    CHECK(turns == 4);
    s.loop.advance(20ms);
    CHECK(turns == 5);
    s.loop.advance(100ms);
    s.drain();
}

TEST_CASE("a wake that comes before the wait is not lost") {
    scene s;
    int turns = 0;
    s.owner.serve(
        "reporter",
        [&](service_call& c) -> task<void> {
            return [](service_call& own, int& n) -> task<void> {
                own.wake();
                while (!own.ending()) {
                    ++n;
                    co_await own.wait_for(1h);
                }
            }(c, turns);
        },
        1s);
    s.loop.settle();
    CHECK(turns == 2);
    s.drain();
}

TEST_CASE("a drain asks services to end and waits for those that do") {
    scene s;
    bool flushed = false;
    s.owner.serve(
        "reporter",
        [&](service_call& c) -> task<void> {
            return [](service_call& own, bool& done) -> task<void> {
                co_await obeys(own);
                co_await sleep_for(400ms);
                done = true;
            }(c, flushed);
        },
        500ms);
    s.owner.serve("watch", obeys, 1s);
    s.owner.start("copy", sleep(100ms), 1s);
    s.loop.settle();
    const auto result = s.drain();
    CHECK(flushed);
    CHECK(s.loop.now() == 400ms);
    CHECK(result.cut.empty());
    CHECK(result.left.empty());
    CHECK(s.failures.empty());
}

TEST_CASE("a drain gives each its own budget, none more than the most, and names whom it cut") {
    scene s;
    std::vector<std::pair<std::string, std::chrono::milliseconds>> ends;

    struct end_of {
        std::string name;
        scene& at;
        decltype(ends)& list;

        ~end_of() { list.emplace_back(name, at.loop.now()); }
    };

    const auto deaf = [&](std::string name) -> task<void> {
        const end_of mark{std::move(name), s, ends};
        co_await sleep_for(1h);
    };
    s.owner.serve("short", [&](service_call&) { return deaf("short"); }, 100ms);
    s.owner.serve("long", [&](service_call&) { return deaf("long"); }, 1h);
    s.owner.start("copy", deaf("copy"), 2h);
    s.loop.settle();
    const auto result = s.drain(300ms);
    CHECK(ends == decltype(ends){{"short", 100ms}, {"long", 300ms}, {"copy", 300ms}});
    CHECK(result.cut == std::vector<std::string>{"short", "long", "copy"});
    CHECK(result.left.empty());
    CHECK(s.owner.live() == 0);
    CHECK(s.failures.empty());
}

TEST_CASE("a drain does not wait for a service that waits to be started again, nor start it") {
    scene s;
    int starts = 0;
    s.owner.serve(
        "reporter",
        [&](service_call& c) -> task<void> {
            ++starts;
            return fails(c);
        },
        1s);
    s.loop.advance(50ms);
    const auto result = s.drain();
    CHECK(s.loop.now() == 50ms);
    CHECK(result.cut.empty());
    CHECK(starts == 1);
}

TEST_CASE("a drain names one that does not even end when it is cut, and leaves") {
    scene s;
    frame* waiting = nullptr;
    s.owner.serve(
        "reporter",
        [&](service_call& /*call*/) -> task<void> {
            return [](frame*& f) -> task<void> { co_await deaf_wait{f}; }(waiting);
        },
        100ms);
    s.loop.settle();
    const auto result = s.drain();
    CHECK(result.cut == std::vector<std::string>{"reporter"});
    CHECK(result.left == std::vector<std::string>{"reporter"});
    CHECK(s.loop.now() == 150ms);
    REQUIRE(waiting != nullptr);
    s.loop.get().resume(*waiting);
    CHECK(s.owner.live() == 0);
}

TEST_CASE("what begins once the drain has is refused, and told") {
    scene s;
    s.drain();
    bool ran = false;
    const auto work = [&]() -> task<void> {
        ran = true;
        co_return;
    };
    s.owner.start("late", work(), 1s);
    s.owner.serve("later", obeys, 1s);
    s.loop.settle();
    CHECK_FALSE(ran);
    CHECK(s.failures == std::vector<std::string>{"late: the process ends: nothing begins any more"});
    CHECK(s.loop.get().live_tasks() == 0);
}

TEST_CASE("a failure while it ends is told, and not tried again") {
    scene s;
    s.owner.serve(
        "reporter",
        [](service_call& c) -> task<void> {
            return [](service_call& own) -> task<void> {
                co_await obeys(own);
                throw std::runtime_error("not flushed");
            }(c);
        },
        1s);
    s.loop.settle();
    CHECK(s.drain().cut.empty());
    CHECK(s.failures == std::vector<std::string>{"reporter: not flushed"});
}

TEST_CASE("a loop that is cancelled ends its background without a word") {
    scene s;
    s.owner.serve("reporter", obeys, 1s);
    s.owner.start("copy", sleep(1h), 2h);
    s.loop.settle();
    s.loop.get().root_scope().cancel(cancel_cause::shutdown);
    s.loop.settle();
    CHECK(s.owner.live() == 0);
    CHECK(s.failures.empty());
}

TEST_CASE("a drain leaves a worker that cannot be interrupted to the roll of the abandoned") {
    scene s;
    std::atomic<bool> started{false};
    std::atomic<bool> release{false};
    worker_pool pool("disk", 1, 1);
    s.owner.serve(
        "reporter",
        [&](service_call& /*call*/) -> task<void> {
            return [](worker_pool& where, std::atomic<bool>& begun, std::atomic<bool>& until) -> task<void> {
                co_await offload(where, [&begun, &until] {
                    begun.store(true);
                    while (!until.load()) {
                        std::this_thread::yield();
                    }
                });
            }(pool, started, release);
        },
        100ms);
    s.loop.run_real([&] { return started.load(); });
    const auto result = s.drain();
    CHECK(result.cut == std::vector<std::string>{"reporter"});
    CHECK(result.left.empty());
    CHECK(s.loop.now() == 125ms);
    CHECK_FALSE(s.loop.get().abandoned().empty());
    release.store(true);
    s.loop.run_real([&] { return s.loop.get().abandoned().empty(); });
}
