// upstream/: memory for the bodies of answers, lent by the loop that needs it, so that a warm exchange allocates none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::upstream {

/// A loop's free buffers; its thread only. Outlives what it lends.
class body_buffers {
  public:
    static constexpr std::size_t padding = 64; ///< as simdjson wants it, see lent::padded()
    static constexpr std::size_t most_kept = 64;
    static constexpr std::size_t largest_kept = 64 * 1024;

    /// One to be given back by its destructor.
    class lent {
      public:
        explicit lent(body_buffers& owner) noexcept : owner_(&owner), text_(owner.take()) {}

        lent(lent&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), text_(std::move(other.text_)) {}

        lent& operator=(lent&&) = delete;

        ~lent() {
            if (owner_ != nullptr) {
                owner_->keep(std::move(text_));
            }
        }

        [[nodiscard]] std::string& text() noexcept { return text_; }

        /// The text, with `padding` bytes behind it that may be read, whatever they are.
        [[nodiscard]] std::string_view padded() {
            text_.reserve(text_.size() + padding);
            return text_;
        }

      private:
        body_buffers* owner_;
        std::string text_;
    };

    body_buffers() { free_.reserve(most_kept); }

  private:
    std::string take() noexcept {
        if (free_.empty()) {
            return {};
        }
        auto taken = std::move(free_.back());
        free_.pop_back();
        return taken;
    }

    void keep(std::string text) noexcept {
        constexpr std::size_t in_place = 15; // such a string has no memory of its own
        if (text.capacity() > in_place && text.capacity() <= largest_kept && free_.size() < most_kept) {
            text.clear();
            free_.push_back(std::move(text));
        }
    }

    std::vector<std::string> free_;
};

} // namespace muster::upstream
