// server/: what a signal means to the process, from its first moment to its last. shutdown does what one asks for.
#pragma once

#include "concurrency/task.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

namespace muster::server {

/// Exit code of a process in which something would not end.
inline constexpr int exit_not_ended = 3;

/// Whether whoever started the process wants that signal ignored: SIGHUP under nohup, SIGINT of a script's `muster &`.
[[nodiscard]] bool is_ignored(int signal) noexcept;

/// Those of SIGTERM, SIGINT and SIGHUP that are not ignored.
[[nodiscard]] sigset_t ending_signals() noexcept;

/// Hears SIGTERM, SIGINT and SIGHUP while the process starts (one that is ignored stays so). The
/// first one raises a flag that whatever takes its time reads; a second one ends the process at once with 128 + its
/// number. Made before other threads are: from then on those signals are held for this, then for await_signals().
class start_signals {
  public:
    /// A start that goes on for longer than `patience` after the first signal is ended with exit_not_ended: it waits
    /// for something that does not read the flag.
    /// Unless `hang_up_ends`, a SIGHUP means nothing yet: it is for files that are only being opened.
    explicit start_signals(std::chrono::milliseconds patience = std::chrono::seconds(5), bool hang_up_ends = true);
    start_signals(const start_signals&) = delete;
    start_signals& operator=(const start_signals&) = delete;
    ~start_signals();

    /// True once a signal has asked for the end. Safe from every thread.
    [[nodiscard]] const std::atomic<bool>& stop() const noexcept { return stop_; }

    /// Stops listening, so that await_signals() can go on; the signal that was heard, 0 if none was. A signal that
    /// comes from now on is held.
    int hand_over();

  private:
    void listen();

    std::chrono::milliseconds patience_;
    bool hang_up_ends_;
    std::atomic<bool> stop_{false};
    int heard_ = 0; // of the thread, until it is joined
    int over_;      // an eventfd
    std::thread thread_;
};

/// Waits for one of those signals (main thread: the one that made start_signals), unless `asked`, a signal that the
/// start has heard, is not 0; then calls `ask(signal)` once. At the next signal it calls `last`, and the process exits
/// at once with 128 + its number. If there is a `hang_up`, it is called for each SIGHUP, which then ends nothing.
[[nodiscard]] concurrency::task<void> await_signals(int asked, std::function<void(int)> ask, std::function<void()> last,
                                                    std::function<void()> hang_up = {});

/// "SIGTERM"; of other signals than those above "signal 10".
[[nodiscard]] std::string name_of_signal(int signal);

} // namespace muster::server
