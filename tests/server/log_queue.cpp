// tests of server/log_queue: the application's log with and without a writer, into real pipes and files.
#include "server/log_queue.hpp"

#include "tests/server/log_sinks.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using muster::server::doorbell;
using muster::server::log_queue;
using muster::server::unique_fd;
using muster::tests::content;
using muster::tests::drain;
using muster::tests::folder;
using muster::tests::pipe_ends;
using namespace std::chrono_literals;

TEST_CASE("the application's log goes straight out until a writer keeps it, and again when he leaves") {
    pipe_ends pipe;
    log_queue queue(pipe.writes.get(), [](const std::string& text) { return text + '\n'; });
    queue.put("one\n");
    CHECK(drain(pipe.reads.get()) == "one\n");
    int rung = 0;
    const auto bell = std::make_shared<doorbell>([&rung] { ++rung; });
    queue.keep(bell);
    bell->lie_down();
    queue.put("two\n");
    queue.put("three\n");
    CHECK(rung == 1);
    CHECK(queue.waiting() == 2);
    CHECK(drain(pipe.reads.get()).empty());
    std::string taken;
    queue.take(taken, 4);
    CHECK(taken == "two\nthree\n"); // about enough: never half a line
    CHECK(queue.waiting() == 0);
    queue.put("four\n");
    queue.put("five\n");
    CHECK(queue.pass(false) == 0);
    queue.put("six\n");
    CHECK(drain(pipe.reads.get()) == "four\nfive\nsix\n");
    queue.drop();
    queue.put("seven\n");
    CHECK(drain(pipe.reads.get()).empty());
    CHECK(queue.dropped() == 1);
}

TEST_CASE("the application's log takes a megabyte, then counts what it drops") {
    log_queue queue(STDERR_FILENO, [](const std::string& text) { return text + '\n'; });
    queue.keep(std::make_shared<doorbell>([] {}));
    const std::string line = std::string(1'023, 'x') + '\n';
    for (int i = 0; i != 1'030; ++i) {
        queue.put(line);
    }
    CHECK(queue.waiting() == 1'024);
    CHECK(queue.dropped() == 6);
    std::string taken;
    queue.take(taken, 10'000);
    CHECK(taken.size() % 1'024 == 0);
    CHECK(taken.size() / 1'024 + queue.waiting() == 1'024);
    std::string note;
    queue.append_dropped(note, 6);
    CHECK(note == "dropped 6 lines of the log: there was no room\n");
    while (queue.waiting() != 0) {
        queue.take(taken, taken.size() + 100'000);
    }
}

TEST_CASE("straight lines to a descriptor that takes nothing are counted, not waited for") {
    pipe_ends pipe;
    log_queue queue(pipe.writes.get(), [](const std::string& text) { return text + '\n'; });
    const std::string line = std::string(4'095, 'x') + '\n';
    for (int i = 0; i != 100; ++i) {
        queue.put(line);
    }
    CHECK(queue.dropped() > 50);
    CHECK(drain(pipe.reads.get()).size() / 4'096 + queue.dropped() == 100);
}

TEST_CASE("of what waits when the writer leaves, what is lost is counted, and no more") {
    pipe_ends pipe;
    REQUIRE(::fcntl(pipe.writes.get(), F_SETPIPE_SZ, 8'192) == 8'192);
    log_queue queue(pipe.writes.get(), [](const std::string& text) { return text + '\n'; });
    queue.keep(std::make_shared<doorbell>([] {}));
    const std::string line = std::string(2'047, 'x') + '\n';
    for (int i = 0; i != 10; ++i) {
        queue.put(line);
    }
    CHECK(queue.pass(false) == 6);
    CHECK(queue.dropped() == 6);
    CHECK(queue.waiting() == 0);
    CHECK(drain(pipe.reads.get()).size() == 4 * line.size());
}

TEST_CASE("a line that goes straight out does not go on where another was torn") {
    pipe_ends pipe;
    log_queue queue(pipe.writes.get(), [](const std::string& text) { return text + '\n'; });
    queue.keep(std::make_shared<doorbell>([] {}));
    queue.put("one\n");
    CHECK(queue.pass(true) == 0);
    queue.put("two\n");
    CHECK(drain(pipe.reads.get()) == "\none\ntwo\n");
    while (drain(pipe.reads.get()).empty()) {
        queue.put(std::string(6'000, 'x') + '\n'); // longer than what a pipe takes at once
    }
    queue.keep(std::make_shared<doorbell>([] {}));
    CHECK(queue.pass(true) == 0); // nothing waits: nothing is written
    CHECK(drain(pipe.reads.get()).empty());
    queue.put("three\n");
    CHECK(drain(pipe.reads.get()) == "\nthree\n");
    CHECK(queue.dropped() == 0);
}

TEST_CASE("lines go straight to a file, too") {
    const folder here;
    // A file that takes longer than half a second is given up, and a busy machine may make it take so long: only what
    // was in time shows anything.
    const auto in_time = [](const auto& call) {
        const auto began = std::chrono::steady_clock::now();
        call();
        return std::chrono::steady_clock::now() - began < 500ms;
    };
    std::vector<unique_fd> files; // open to the end: a write that was given up still comes, and into its own one
    bool shown = false;
    for (int i = 0; i != 20 && !shown; ++i) {
        const auto path = here.file("log" + std::to_string(i));
        files.emplace_back(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
        log_queue queue(files.back().get(), [](const std::string& text) { return text + '\n'; });
        const bool first = in_time([&] { queue.put("one\n"); });
        queue.keep(std::make_shared<doorbell>([] {}));
        queue.put("two\n");
        std::uint64_t lost = 0;
        const bool passed = in_time([&] { lost = queue.pass(false); });
        const bool last = in_time([&] { queue.put("three\n"); });
        if (first && passed && last) {
            shown = true;
            CHECK(lost == 0);
            CHECK(content(path) == "one\ntwo\nthree\n");
            CHECK(queue.dropped() == 0);
        }
    }
    CHECK(shown);
}
