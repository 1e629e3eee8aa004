// server/: the signals that ask a command to end. They are held back and looked for where it works or waits, so that no
// handler and no thread is needed. (The server, which has more to do than one thing, hears them as signals.hpp says.)
#pragma once

#include "server/unique_fd.hpp"

namespace muster::server {

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
