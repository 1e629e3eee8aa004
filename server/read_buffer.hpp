// server/: bytes that have come and were not consumed yet, in one piece, as the parser wants them.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace muster::server {

/// Grows only while a message needs it whole (a head, a chunk's header); the parser's limits bound that, and whoever
/// fills it asks for room first.
class read_buffer {
  public:
    static constexpr std::size_t usual = 4 * 1024;

    [[nodiscard]] std::string_view unread() const noexcept { return {data_.get() + begin_, end_ - begin_}; }

    void consume(std::size_t n) noexcept {
        begin_ += n;
        if (begin_ == end_) {
            begin_ = end_ = 0;
        }
    }

    /// Space behind what is unread, never empty; commit() what was filled. Views of unread() end here.
    [[nodiscard]] std::span<char> prepare() {
        if (begin_ != 0) {
            std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        if (end_ == capacity_) {
            const auto larger = capacity_ == 0 ? usual : capacity_ * 2;
            auto data = std::make_unique_for_overwrite<char[]>(larger);
            if (end_ != 0) {
                std::memcpy(data.get(), data_.get(), end_);
            }
            data_ = std::move(data);
            capacity_ = larger;
        }
        return {data_.get() + end_, capacity_ - end_};
    }

    void commit(std::size_t n) noexcept { end_ += n; }

    /// What it will have taken once prepare() and commit() have been called again.
    [[nodiscard]] std::size_t next_capacity() const noexcept {
        return capacity_ == 0 ? usual : begin_ == 0 && end_ == capacity_ ? capacity_ * 2 : capacity_;
    }

    /// Gives all memory back, if nothing is unread: nobody knows for how long.
    void rest() noexcept {
        if (begin_ == end_) {
            data_.reset();
            capacity_ = 0;
        }
    }

  private:
    std::unique_ptr<char[]> data_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t capacity_ = 0;
};

} // namespace muster::server
