// upstream/: bytes from somewhere, line by line, in memory that a line's length bounds and the input's does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace muster::upstream {

/// Splits at LF; a CR before it belongs to the end of the line, and the last line needs no end. A byte order mark at
/// the very start is passed over.
class line_reader {
  public:
    /// Fills the span's beginning and returns how much; 0 at the end. May throw, which passes through next().
    using source = std::function<std::size_t(std::span<char>)>;

    struct line {
        std::uint64_t number;  ///< from 1
        std::string_view text; ///< without its end; until the next call. Empty if `too_long`
        bool too_long;
    };

    /// A line of more than `longest` bytes is passed over and told as too long.
    line_reader(source from, std::size_t longest) : from_(std::move(from)), longest_(longest) {}

    /// Nothing at the end.
    std::optional<line> next();

    /// Bytes of the input in the lines so far.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

    [[nodiscard]] std::size_t longest() const noexcept { return longest_; }

  private:
    bool fill();
    line give(std::size_t length, std::size_t with_end, bool too_long);

    source from_;
    std::size_t longest_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0; ///< of what is in the buffer and not given out
    std::size_t end_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t bytes_ = 0;
    bool started_ = false;
};

} // namespace muster::upstream
