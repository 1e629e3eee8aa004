// server/: the application's log on its way to standard error. While a writer empties it, whoever logs hands a line
// over and goes on; before and after, lines go straight to the descriptor, if it takes them at once. A file may not
// take them at all, nor return: whoever logs waits for it for half a second, once.
#pragma once

#include "server/doorbell.hpp"
#include "server/line_source.hpp"
#include "server/ready_write.hpp"
#include "server/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace muster::server {

class log_queue final : public line_source {
  public:
    /// Lines beyond so many bytes are dropped.
    static constexpr std::size_t most = 1'048'576;

    /// `line_of` makes a line, with its end, of a message of this class's own.
    log_queue(int descriptor, std::function<std::string(const std::string&)> line_of);

    /// A whole line, with its end. Does not wait for the sink, but for that once. From every thread.
    void put(std::string_view line) noexcept;

    /// From now on lines wait for a writer, who is woken by `bell`.
    void keep(std::shared_ptr<doorbell> bell);

    /// When the writer has left: from now on they go straight to the descriptor, those that wait first; `torn`: it ends
    /// in the middle of a line. How many of those that waited are lost; they are among the dropped ones.
    std::uint64_t pass(bool torn);

    /// From now on they are dropped: somebody hangs in a write to the descriptor.
    void drop();

    void take(std::string& to, std::size_t enough) override;
    void append_dropped(std::string& to, std::uint64_t n) override;
    [[nodiscard]] std::uint64_t waiting() const noexcept override;
    [[nodiscard]] std::uint64_t dropped() const noexcept override;

  private:
    enum class mode : std::uint8_t { passes, keeps, drops };

    /// How many of the lines are lost; nothing: the write does not return.
    std::optional<std::uint64_t> write_straight(std::string lines);

    int descriptor_;
    unique_fd terminal_; // instead of it
    output_kind kind_;
    std::function<std::string(const std::string&)> line_of_;
    mutable std::mutex mutex_;
    mode mode_ = mode::passes;
    bool torn_ = false; // of whoever writes straight: the last line that was written is not whole
    std::shared_ptr<doorbell> bell_;
    std::string lines_;
    std::uint64_t waiting_ = 0;
    std::uint64_t dropped_ = 0;
};

} // namespace muster::server
