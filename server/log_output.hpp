// server/: where the lines of one log go: a standard stream or a file. Never waits for a sink, tears no line, writes
// none twice; what it could not write stays where it stopped.
#pragma once

#include "concurrency/time.hpp"
#include "server/line_source.hpp"
#include "server/log_status.hpp"
#include "server/ready_write.hpp"
#include "server/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

namespace muster::server {

class log_output {
  public:
    /// `descriptor` (a standard stream) is not owned; `name` is for people.
    log_output(int descriptor, std::string name);

    /// Appends to the file `path`, or to the FIFO. `pause`: from an opening again that failed to the next try, at
    /// first.
    explicit log_output(std::string path, concurrency::duration pause = std::chrono::milliseconds(100));

    /// Opens the file; errno if that fails. ENXIO: a FIFO without a reader, which may come. A worker's business, but at
    /// the start: a path on a file system that hangs holds up the start of everything that is there.
    [[nodiscard]] int open();

    /// Has the file opened again under its name (it may have been renamed) by the next write. If that fails, lines go
    /// on into the old one, status() says why, and later writes try again. From every thread.
    void reopen_soon() noexcept { reopen_.store(true); }

    [[nodiscard]] bool reopens() const noexcept { return reopen_.load(); }

    /// Takes lines from `source` and writes what the sink takes. False: it takes nothing now. At most for about
    /// `longest`, unless the disk is slow or another thread is inside: so never on a loop's thread.
    bool write(line_source& source, concurrency::duration longest);

    /// Whether the sink ends in the middle of a line. Not while write() runs.
    [[nodiscard]] bool torn() const noexcept { return line_begin() != written_to_; }

    /// From every thread, also while write() is stuck.
    [[nodiscard]] log_status status(const line_source& source) const;

  private:
    bool flush(line_source& source);
    void reopen();
    void refill(line_source& source);
    void stuck(int error) noexcept;
    [[nodiscard]] std::size_t line_begin() const noexcept;

    std::mutex writing_; // of write(); what is not atomic below is its
    std::string path_;   // empty: descriptor_ is another's
    std::string name_;
    unique_fd own_; // the file, or another way to the terminal
    int descriptor_ = -1;
    output_kind kind_ = output_kind::other;
    concurrency::duration first_pause_{};
    concurrency::duration pause_{}; // until the try after the next one
    concurrency::time_point next_try_{};
    std::string pending_;
    std::size_t written_to_ = 0; // of pending_
    std::atomic<bool> reopen_{false};
    std::atomic<int> reopen_error_{0};      // while another try is due
    std::atomic<std::uint64_t> waiting_{0}; // lines in pending_
    std::atomic<std::uint64_t> written_{0}; // lines
    std::atomic<std::uint64_t> told_{0};    // dropped lines
    std::atomic<std::uint64_t> notes_{0};   // lines that tell of them
    std::atomic<int> error_{0};             // while stuck; EAGAIN: it takes nothing
    std::atomic<concurrency::duration::rep> stuck_since_{0};
    std::atomic<concurrency::duration::rep> writing_since_{0}; // 0: no write is under way
};

} // namespace muster::server
