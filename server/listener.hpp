// server/: accepting. One listener a loop and address; it takes what the kernel has and hands it on.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/operation.hpp"
#include "concurrency/task.hpp"
#include "concurrency/time.hpp"
#include "server/remote.hpp"
#include "server/unique_fd.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <atomic>
#include <functional>
#include <optional>

namespace spdlog {
class logger;
}

namespace muster::server {

class listener {
  public:
    /// What becomes of an accepted socket (non-blocking, close-on-exec). What it throws costs that connection only.
    using receiver = std::function<void(unique_fd accepted, remote from)>;

    /// `home`'s thread or before it runs. References outlive this.
    listener(concurrency::loop& home, unique_fd listening, receiver accepted, spdlog::logger& log);

    /// The task, to be spawned once with kind `listener`. It ends after stop() and by cancellation only: when the
    /// process or the system is out of descriptors or memory, it waits a moment and goes on.
    [[nodiscard]] concurrency::task<void> run();

    /// Lets nobody new in, takes who is queued or about to be, closes the socket and ends the task. On the loop's
    /// thread.
    void stop();

    /// Whether the socket is open yet. Safe from every thread; what was accepted before it closed is visible then.
    [[nodiscard]] bool accepts() const noexcept { return open_.load(std::memory_order_acquire); }

  private:
    using descriptor = boost::asio::posix::basic_stream_descriptor<concurrency::deferred_executor>;

    enum class outcome { drained, more, exhausted };

    outcome accept_some();
    void warn(int error);
    concurrency::task<void> accept_all();
    void close() noexcept;

    concurrency::loop& home_;
    descriptor listening_;
    receiver accepted_;
    spdlog::logger& log_;
    std::atomic<bool> open_{true};
    bool stopping_ = false;
    std::optional<concurrency::time_point> warned_; // when, the last time
};

} // namespace muster::server
