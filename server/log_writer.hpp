// server/: the service that empties one log's source into its output, on a worker of its own: a disk that is slow, or a
// sink that hangs, holds up that worker and nobody else.
#pragma once

#include "concurrency/background.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/time.hpp"
#include "concurrency/worker_pool.hpp"
#include "server/doorbell.hpp"
#include "server/line_source.hpp"
#include "server/log_output.hpp"
#include "server/log_status.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace muster::server {

class log_writer {
  public:
    /// What it has at the end, to write what waits; as a service of a background.
    static constexpr std::chrono::milliseconds budget{500};

    /// On `home`, which outlives it. `name` is the log's.
    log_writer(concurrency::loop& home, std::string name, std::shared_ptr<line_source> source,
               std::shared_ptr<log_output> output);
    log_writer(const log_writer&) = delete;
    log_writer& operator=(const log_writer&) = delete;

    /// To be rung by whoever gives the source a line.
    [[nodiscard]] const std::shared_ptr<doorbell>& bell() const noexcept { return bell_; }

    /// The service. Lines gather for a moment before they are written, but for the first.
    [[nodiscard]] concurrency::task<void> run(concurrency::service_call& call);

    /// Called at the end of run(), on the loop, if that was asked for: whether the worker hangs in a write. What the
    /// output still holds then is written by nobody.
    void on_end(std::function<void(bool hangs)> tell) { on_end_ = std::move(tell); }

    /// Called on the loop when the file could not be opened again, and when it could after all.
    void on_reopen(std::function<void(const log_status&)> tell) { on_reopen_ = std::move(tell); }

    /// Called on the loop once the sink has taken nothing for `long_silence`, and when it has taken all again.
    void on_stuck(std::function<void(const log_status&)> tell) { on_stuck_ = std::move(tell); }

    static constexpr std::chrono::milliseconds long_silence{1'000};

    /// The process ends at once: writes what waits, in its order, by a thread that is left behind if it is not back
    /// within `longest`. On the loop, which waits so long.
    void write_at_once(std::chrono::milliseconds longest);

    [[nodiscard]] log_status status() const;

    [[nodiscard]] log_output& output() noexcept { return *output_; }

  private:
    class presence;

    void tell_of_reopening();
    void tell_of_sink();

    concurrency::loop& home_;
    std::string name_;
    std::shared_ptr<line_source> source_; // shared with a job that may hang
    std::shared_ptr<log_output> output_;
    std::shared_ptr<doorbell> bell_;
    concurrency::service_call* call_ = nullptr; // while it runs; the loop's thread only
    std::function<void(bool)> on_end_;
    std::function<void(const log_status&)> on_reopen_;
    std::function<void(const log_status&)> on_stuck_;
    std::string not_reopened_; // what was told of that
    std::optional<concurrency::time_point> stuck_since_;
    bool told_stuck_ = false;
    concurrency::worker_pool pool_;
};

} // namespace muster::server
