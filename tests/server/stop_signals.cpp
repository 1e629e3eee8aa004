// tests of server/stop_signals: in processes of their own, since signals belong to a whole process.
#include "server/stop_signals.hpp"

#include <catch2/catch_test_macros.hpp>

#include <csignal>
#include <functional>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace muster::server;

namespace {

// How a child ends in which `work` says true or false: 0 or 1, or -n of a signal.
int child(const std::function<bool()>& work) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) { // the test program has handlers of its own
            ::signal(signal, SIG_DFL);
        }
        ::_exit(work() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace

TEST_CASE("a signal is held back, seen by poll, and taken by its number") {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        CHECK(child([signal] {
                  stop_signals stop;
                  pollfd one{.fd = stop.descriptor(), .events = POLLIN, .revents = 0};
                  const bool before = stop.asked() || ::poll(&one, 1, 0) != 0;
                  ::raise(signal);
                  return !before && stop.asked() && ::poll(&one, 1, 0) == 1 && stop.take() == signal && !stop.asked();
              }) == 0);
    }
}

TEST_CASE("once a signal is taken the next one ends the process") {
    CHECK(child([] {
              stop_signals stop;
              ::raise(SIGTERM);
              static_cast<void>(stop.take());
              ::raise(SIGINT);
              return true;
          }) == -SIGINT);
}

TEST_CASE("an ignored hangup stays ignored") {
    CHECK(child([] {
              ::signal(SIGHUP, SIG_IGN);
              stop_signals stop;
              ::raise(SIGHUP);
              return !stop.asked() && stop.take() == 0;
          }) == 0);
}
