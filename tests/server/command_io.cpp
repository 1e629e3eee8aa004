// tests of server/command_io: files, pipes and signals, in processes of their own where descriptors 0 and 1 are moved.
#include "server/command_io.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace muster::server;
using Catch::Matchers::ContainsSubstring;

namespace {

int child(const std::function<int()>& work) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(20); // what should not wait does not wait for the test's own end
        ::_exit(work());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

struct scratch {
    std::string path = "/tmp/muster-command-io-XXXXXX";

    scratch() { REQUIRE(::mkdtemp(path.data()) != nullptr); }

    ~scratch() {
        ::unlink((path + "/x").c_str());
        ::rmdir(path.c_str());
    }
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
    const scratch folder;
    std::ofstream(folder.path + "/x") << "hello";
    CHECK(child([&] {
              const stop_signals stop;
              command_input input(folder.path + "/x", stop);
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
    const scratch folder;
    REQUIRE(::mkfifo((folder.path + "/x").c_str(), 0600) == 0);
    CHECK(child([&] {
              const stop_signals stop;
              command_input input(folder.path + "/x", stop);
              if (::fork() == 0) {
                  ::usleep(20'000);
                  ::kill(::getppid(), SIGTERM);
                  ::_exit(0);
              }
              char buffer[100];
              try {
                  static_cast<void>(input.read(buffer));
              } catch (const stopped_by_signal&) {
                  return 0;
              }
              return 1;
          }) == 0);
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
    const scratch folder;
    const std::string text(1'000'000, 'x');
    CHECK(child([&] {
              static_cast<void>(!::freopen((folder.path + "/x").c_str(), "w", stdout));
              const stop_signals stop;
              command_output output(stop);
              output.write(text);
              output.write("end\n");
              output.flush();
              return 0;
          }) == 0);
    std::ifstream written(folder.path + "/x");
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

// ThreadSanitizer hangs in a fork out of a forked process.
#if defined(__SANITIZE_THREAD__)
#define MUSTER_FORKS_TWICE 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MUSTER_FORKS_TWICE 0
#endif
#endif
#ifndef MUSTER_FORKS_TWICE
TEST_CASE("a reader that does not read keeps no signal from being heard") {
    CHECK(child([] {
              int ends[2];
              static_cast<void>(!::pipe(ends));
              ::dup2(ends[1], STDOUT_FILENO);
              const stop_signals stop;
              command_output output(stop);
              if (::fork() == 0) {
                  ::usleep(20'000);
                  ::kill(::getppid(), SIGINT);
                  ::_exit(0);
              }
              try {
                  output.write(std::string(1'000'000, 'x'));
              } catch (const stopped_by_signal&) {
                  return 0;
              }
              return 1;
          }) == 0);
}
#endif
