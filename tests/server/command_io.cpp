// tests of server/command_io: files, pipes and signals, in processes of their own where descriptors 0 and 1 are moved.
#include "server/command_io.hpp"

#include "tests/support/temporary_directory.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace muster::server;

namespace {

// In a process of its own; `meanwhile`, if any, in this one.
int child(const std::function<int()>& work, const std::function<void(pid_t)>& meanwhile = {}) {
    // What the child has of its parent's output ThreadSanitizer would write at _exit(), into whatever stdout is then.
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(60); // what should not wait does not wait for the test's own end
        ::_exit(work());
    }
    if (meanwhile) {
        meanwhile(pid);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

struct two_ends {
    two_ends() { REQUIRE(::pipe(ends) == 0); }

    two_ends(const two_ends&) = delete;
    two_ends& operator=(const two_ends&) = delete;

    ~two_ends() {
        ::close(ends[0]);
        ::close(ends[1]);
    }

    /// Sends `signal` to a child once it has written something; takes nothing.
    [[nodiscard]] std::function<void(pid_t)> signals_after_writing(int signal) const {
        return [from = ends[0], signal](pid_t pid) {
            pollfd written{.fd = from, .events = POLLIN, .revents = 0};
            CHECK(::poll(&written, 1, 60'000) == 1);
            ::kill(pid, signal);
        };
    }

    int ends[2];
};

std::string refusal(const std::string& name) {
    try {
        const stop_signals stop;
        const command_input input(name, stop);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("a file is read to its end and has a size") {
    const muster::tests::temporary_directory folder;
    std::ofstream(folder.file("x")) << "hello";
    CHECK(child([&] {
              const stop_signals stop;
              command_input input(folder.file("x"), stop);
              char buffer[100];
              const bool whole = input.read(buffer) == 5 && input.read(buffer) == 0;
              return whole && input.size() == 5U ? 0 : 1;
          }) == 0);
}

TEST_CASE("what cannot be read is refused by name") {
    CHECK(child([] { return refusal("/tmp") == "/tmp: Is a directory" ? 0 : 1; }) == 0);
    CHECK(child([] { return refusal("/nonexistent/x") == "/nonexistent/x: No such file or directory" ? 0 : 1; }) == 0);
}

TEST_CASE("a FIFO that nobody writes into is waited for until a signal comes") {
    const muster::tests::temporary_directory folder;
    const two_ends told;
    REQUIRE(::mkfifo(folder.file("x").c_str(), 0600) == 0);
    const auto work = [&] {
        const stop_signals stop;
        command_input input(folder.file("x"), stop);
        static_cast<void>(!::write(told.ends[1], "r", 1));
        char buffer[100];
        try {
            static_cast<void>(input.read(buffer));
        } catch (const stopped_by_signal&) {
            return 0;
        }
        return 1;
    };
    CHECK(child(work, told.signals_after_writing(SIGTERM)) == 0);
}

TEST_CASE("standard input may be a pipe, which ends when its writer closes") {
    CHECK(child([] {
              int ends[2];
              static_cast<void>(!::pipe(ends));
              ::dup2(ends[0], STDIN_FILENO);
              static_cast<void>(!::write(ends[1], "ab", 2));
              ::close(ends[1]);
              const stop_signals stop;
              command_input input("-", stop);
              char buffer[100];
              const bool whole = input.read(buffer) == 2 && input.read(buffer) == 0;
              return whole && !input.size() && input.name() == "standard input" ? 0 : 1;
          }) == 0);
}

TEST_CASE("output goes out whole, and a full or a closed one is told") {
    const muster::tests::temporary_directory folder;
    const std::string text(1'000'000, 'x');
    CHECK(child([&] {
              static_cast<void>(!::freopen(folder.file("x").c_str(), "w", stdout));
              const stop_signals stop;
              command_output output(stop);
              output.write(text);
              output.write("end\n");
              output.flush();
              return 0;
          }) == 0);
    std::ifstream written(folder.file("x"));
    CHECK(std::string(std::istreambuf_iterator<char>(written), {}) == text + "end\n");

    CHECK(child([&] {
              static_cast<void>(!::freopen("/dev/full", "w", stdout));
              const stop_signals stop;
              command_output output(stop);
              try {
                  output.write(text);
              } catch (const std::runtime_error& error) {
                  return std::string(error.what()) == "standard output: No space left on device" ? 0 : 1;
              }
              return 2;
          }) == 0);

    CHECK(child([&] {
              int ends[2];
              static_cast<void>(!::pipe(ends));
              ::dup2(ends[1], STDOUT_FILENO);
              ::close(ends[1]);
              ::close(ends[0]);
              ::signal(SIGPIPE, SIG_IGN);
              const stop_signals stop;
              command_output output(stop);
              try {
                  output.write(text);
              } catch (const output_closed&) {
                  return 0;
              }
              return 1;
          }) == 0);
}

TEST_CASE("a reader that does not read keeps no signal from being heard") {
    const two_ends unread;
    const auto work = [&] {
        ::dup2(unread.ends[1], STDOUT_FILENO);
        const stop_signals stop;
        command_output output(stop);
        try {
            output.write(std::string(1'000'000, 'x'));
        } catch (const stopped_by_signal&) {
            return 0;
        }
        return 1;
    };
    CHECK(child(work, unread.signals_after_writing(SIGINT)) == 0);
}
