// server/: the signals that ask a process to end, for the stretches of its life that have no loop: a command, and the
// start of the server. They are held back and looked for, so that no handler and no thread is needed.
#pragma once

#include "server/unique_fd.hpp"

namespace muster::server {

/// Whether SIGTERM or SIGINT is held back for this process. One system call, no more.
[[nodiscard]] bool stop_is_pending() noexcept;

/// Holds back SIGTERM, SIGINT and SIGHUP (unless it is ignored, as under nohup) in the calling thread, for as long as
/// the process lives or until take().
class stop_signals {
  public:
    /// Throws std::system_error.
    stop_signals();

    /// Whether one came.
    [[nodiscard]] bool asked() const noexcept;

    /// Readable when one came: for poll().
    [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }

    /// The one that came (0: none), and from here on another one ends the process at once.
    [[nodiscard]] int take() noexcept;

  private:
    unique_fd fd_;
};

} // namespace muster::server
