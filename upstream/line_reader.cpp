// upstream/: see line_reader.hpp.
#include "upstream/line_reader.hpp"

#include <algorithm>
#include <cstring>

namespace muster::upstream {

namespace {

constexpr std::size_t chunk = 256 * 1024;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

} // namespace

// One read more behind what is there; false at the end of the input.
bool line_reader::fill() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    // Twice as much each time: a long line is moved a few times, not once a chunk.
    if (buffer_.size() - end_ < chunk)
        buffer_.resize(std::max(end_ + chunk, std::min(2 * buffer_.size(), longest_ + 2 * chunk)));
    const auto got = from_(std::span(buffer_).subspan(end_));
    end_ += got;
    return got > 0;
}

line_reader::line line_reader::give(std::size_t length, std::size_t with_end, bool too_long) {
    const std::string_view text(buffer_.data() + begin_, too_long ? 0 : length);
    begin_ += with_end;
    bytes_ += with_end;
    return {++number_, text, too_long};
}

std::optional<line_reader::line> line_reader::next() {
    if (!started_) {
        started_ = true;
        while (end_ < byte_order_mark.size() && fill()) {
        }
        if (std::string_view(buffer_.data(), end_).starts_with(byte_order_mark)) {
            begin_ = byte_order_mark.size();
            bytes_ = begin_;
        }
    }
    bool too_long = false;
    std::size_t looked = 0;
    while (true) {
        const auto* data = buffer_.data() + begin_;
        const auto have = end_ - begin_;
        if (const auto* found = have > looked ? std::memchr(data + looked, '\n', have - looked) : nullptr) {
            const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - data);
            const auto length = end > 0 && data[end - 1] == '\r' ? end - 1 : end;
            return give(length, end + 1, too_long || length > longest_);
        }
        if (have > longest_ + 1) { // one more for a CR
            too_long = true;
            bytes_ += have;
            begin_ = end_;
        }
        looked = end_ - begin_;
        if (!fill()) {
            if (looked == 0 && !too_long)
                return std::nullopt;
            return give(looked, looked, too_long || looked > longest_);
        }
    }
}

} // namespace muster::upstream
