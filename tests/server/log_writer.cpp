// tests of server/log_writer: the service between a source and an output, in virtual time; its worker is a real thread.
#include "server/log_writer.hpp"

#include "concurrency/abandoned.hpp"
#include "concurrency/background.hpp"
#include "tests/support/test_loop.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using muster::concurrency::background;
using muster::concurrency::service_call;
using muster::server::line_source;
using muster::server::log_output;
using muster::server::log_status;
using muster::server::log_writer;
using muster::server::unique_fd;
using muster::tests::test_loop;
using namespace std::chrono_literals;

namespace {

class lines final : public line_source {
  public:
    void add(const std::string& line) {
        const std::lock_guard lock(mutex_);
        text_ += line + '\n';
        ++waiting_;
    }

    void take(std::string& to, std::size_t /*enough*/) override {
        inside.store(true);
        while (hangs.load()) {
            std::this_thread::yield();
        }
        const std::lock_guard lock(mutex_);
        to += text_;
        text_.clear();
        waiting_ = 0;
    }

    void append_dropped(std::string& to, std::uint64_t n) override { to += "dropped " + std::to_string(n) + '\n'; }

    [[nodiscard]] std::uint64_t waiting() const noexcept override {
        const std::lock_guard lock(mutex_);
        return waiting_;
    }

    [[nodiscard]] std::uint64_t dropped() const noexcept override { return 0; }

    std::atomic<bool> hangs{false};
    std::atomic<bool> inside{false};

  private:
    mutable std::mutex mutex_;
    std::string text_;
    std::uint64_t waiting_ = 0;
};

struct scene {
    scene() {
        std::array<int, 2> ends{};
        REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
        reads = unique_fd(ends[0]);
        writes = unique_fd(ends[1]);
        ::fcntl(reads.get(), F_SETFL, O_NONBLOCK);
        writer.emplace(loop.get(), "log", source, std::make_shared<log_output>(writes.get(), "a pipe"));
        writer->on_end([this](bool hangs) {
            last = writer->status();
            hung = hangs;
        });
        owner.serve("log", [this](service_call& call) { return writer->run(call); }, log_writer::budget);
    }

    std::string read() {
        std::array<char, 65'536> piece;
        const auto n = ::read(reads.get(), piece.data(), piece.size());
        return n > 0 ? std::string(piece.data(), static_cast<std::size_t>(n)) : "";
    }

    void say(const std::string& line) {
        source->add(line);
        writer->bell()->ring();
    }

    /// Until the service waits for time or a call, or has ended: what it asked of its worker is done.
    void rest() {
        loop.run_real([this] {
            loop.settle();
            return std::ranges::none_of(loop.get().registry(), [](const auto& each) {
                const auto& task = static_cast<const muster::concurrency::task_node&>(each);
                return task.waits_for().what == "a worker";
            });
        });
    }

    test_loop loop;
    unique_fd reads;
    unique_fd writes;
    std::shared_ptr<lines> source = std::make_shared<lines>();
    background owner{loop.get(), [](const auto&) { FAIL("a failure"); }};
    std::optional<log_status> last;
    bool hung = false;
    std::optional<log_writer> writer; // last: its worker ends before what it touches
};

} // namespace

TEST_CASE("a line is written at once when the writer sleeps; the next ones gather") {
    scene s;
    s.rest();
    s.loop.advance(30ms); // nothing gathers: it lies down
    s.loop.settle();
    s.say("one");
    std::string got;
    s.loop.run_real([&] { return !(got += s.read()).empty(); });
    CHECK(got == "one\n");
    s.rest();
    s.say("two"); // it is awake, and looks again when its time has come
    s.loop.settle();
    CHECK(s.read().empty());
    s.say("three");
    s.loop.advance(20ms);
    got.clear();
    s.loop.run_real([&] { return (got += s.read()).size() == 10; });
    CHECK(got == "two\nthree\n");
    s.rest();

    s.say("last");
    bool drained = false;
    const auto drain = [&]() -> muster::concurrency::task<void> {
        const auto result = co_await s.owner.drain(1h); // not inside of CHECK: GCC 14 loses the macro's temporaries
        CHECK(result.cut.empty());
        drained = true;
    };
    s.loop.start(drain());
    s.loop.run_real([&] { return drained; });
    CHECK(s.read() == "last\n");
    REQUIRE(s.last);
    CHECK(s.last->written == 4);
    CHECK(s.last->waiting == 0);
    CHECK_FALSE(s.hung);
}

TEST_CASE("a sink that takes nothing for a second is told of once, and once when it has taken all") {
    std::vector<log_status> told;
    scene s;
    s.writer->on_stuck([&](const log_status& status) { told.push_back(status); });
    const std::string much(200'000, 'x'); // more than the pipe keeps
    s.say(much);
    s.rest();
    s.loop.advance(500ms);
    s.rest();
    CHECK(told.empty());
    for (int i = 0; i != 30; ++i) {
        s.loop.advance(100ms);
        s.rest();
    }
    REQUIRE(told.size() == 1);
    CHECK(told[0].why == "nobody reads it");
    CHECK(told[0].waiting == 1);

    std::string read;
    for (int i = 0; i != 30; ++i) {
        read += s.read() + s.read();
        s.loop.advance(100ms);
        s.rest();
    }
    CHECK(read == much + '\n');
    REQUIRE(told.size() == 2);
    CHECK(!told[1].stuck);

    s.say("all is well");
    bool drained = false;
    const auto drain = [&]() -> muster::concurrency::task<void> {
        co_await s.owner.drain(1h);
        drained = true;
    };
    s.loop.start(drain());
    s.loop.run_real([&] { return drained; });
    CHECK(told.size() == 2);
}

TEST_CASE("a worker that hangs holds up neither the loop nor the end, and that is told") {
    scene s;
    s.source->hangs.store(true);
    s.say("one");
    s.loop.run_real([&] { return s.source->inside.load(); });
    bool drained = false;
    background::drained result;
    const auto drain = [&]() -> muster::concurrency::task<void> {
        result = co_await s.owner.drain(1h);
        drained = true;
    };
    s.loop.start(drain());
    s.loop.settle();
    s.loop.advance(499ms);
    CHECK_FALSE(drained);
    s.loop.advance(30ms);
    CHECK(drained);
    CHECK(result.cut == std::vector<std::string>{"log"});
    CHECK(result.left.empty());
    REQUIRE(s.last);
    CHECK(s.last->waiting == 1);
    CHECK(s.hung);
    s.writer->bell()->ring(); // nobody is there to be woken
    s.source->hangs.store(false);
    s.loop.run_real([&] { return s.loop.get().abandoned().empty(); });
}

TEST_CASE("the end does not wait for a sink that takes nothing, beyond its last tries") {
    scene s;
    for (int i = 0; i != 100; ++i) {
        s.source->add(std::string(4'000, 'x'));
    }
    s.rest();
    const auto before = s.loop.now();
    bool drained = false;
    const auto drain = [&]() -> muster::concurrency::task<void> {
        const auto result = co_await s.owner.drain(1h); // not inside of CHECK: GCC 14 loses the macro's temporaries
        CHECK(result.cut.empty());
        drained = true;
    };
    s.loop.start(drain());
    while (!drained) {
        s.rest();
        s.loop.advance(1ms);
    }
    CHECK(s.loop.now() - before <= log_writer::budget);
    REQUIRE(s.last);
    CHECK(s.last->waiting + s.last->written == 100);
    CHECK(s.last->waiting > 50);
    CHECK_FALSE(s.hung);
}
