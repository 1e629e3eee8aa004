// server/: the reporter: what many a server starts in a handler and forgets, here as work that has an owner. Requests
// hand their records to a queue of their loop and go on; two services write the access log and the application's log.
#pragma once

#include "concurrency/background.hpp"
#include "concurrency/loop.hpp"
#include "config/settings.hpp"
#include "server/log_queue.hpp"
#include "server/log_status.hpp"
#include "server/log_writer.hpp"
#include "server/request_record.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace spdlog {
class logger;
}

namespace muster::server {

/// Whether a SIGHUP is for a file: the access log has one.
[[nodiscard]] bool logs_to_a_file(const config::settings& settings);

class reporter {
  public:
    /// For `loops` loops, on `home`. `lines` is where `log` puts its lines. Opens the file of the access log; throws
    /// std::runtime_error in the words of a start that failed, but not for a FIFO that nobody reads yet.
    reporter(concurrency::loop& home, std::size_t loops, const config::settings& settings,
             std::shared_ptr<log_queue> lines, spdlog::logger& log);
    ~reporter();

    /// Where the loop of that index puts its records; null: there is no access log.
    [[nodiscard]] request_log* log_of(std::size_t index) const noexcept;

    /// Gives both services to `owner`.
    void begin(concurrency::background& owner);

    /// Has the file of the access log, if it has one, opened again under its name.
    void reopen();

    /// The process ends at once: what waits is written, the application's log first, if its sink takes it at once; a
    /// sink that hangs is waited for a tenth of a second.
    void flush_now();

    /// Of each log. From every thread.
    [[nodiscard]] std::vector<log_status> status() const;

  private:
    class records;

    std::shared_ptr<log_queue> lines_;
    spdlog::logger& log_;
    std::shared_ptr<records> records_; // null: no access log
    log_writer log_writer_;
    std::unique_ptr<log_writer> access_writer_;
};

} // namespace muster::server
