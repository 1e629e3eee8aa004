// server/: what a command reads from and writes to: files, pipes and terminals that may keep it waiting, but never from
// hearing a signal.
#pragma once

#include "server/stop_signals.hpp"
#include "server/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace muster::server {

/// A signal came while somebody was waited for. Not a std::exception, like upstream's job_interrupted.
struct stopped_by_signal {};

/// The reader of our output is gone.
struct output_closed {};

/// A file or, by the name "-", standard input.
class command_input {
  public:
    /// Throws std::runtime_error with one line that names the file. Opening a FIFO does not wait for its writer; the
    /// first read does.
    command_input(const std::string& name, const stop_signals& stop);

    /// Fills the beginning of `into` and returns how much; 0 at the end. Throws std::runtime_error and
    /// stopped_by_signal.
    std::size_t read(std::span<char> into);

    /// Of a file with a size.
    [[nodiscard]] std::optional<std::uint64_t> size() const noexcept { return size_; }

    /// For messages.
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

  private:
    std::string name_;
    unique_fd owned_;
    int fd_ = -1;
    std::optional<std::uint64_t> size_;
    const stop_signals& stop_;
};

/// Standard output in large pieces.
class command_output {
  public:
    explicit command_output(const stop_signals& stop);

    /// Throws std::runtime_error, output_closed and stopped_by_signal.
    void write(std::string_view text);

    /// To be called at the end: the destructor drops what was not written.
    void flush();

  private:
    std::string buffer_;
    bool may_block_;
    const stop_signals& stop_;
};

} // namespace muster::server
