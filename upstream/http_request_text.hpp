// upstream/: the text of a request to a source: what it is asked for, how much time is left, and whose request it is.
#pragma once

#include "concurrency/task_node.hpp"
#include "concurrency/time.hpp"
#include "upstream/http_settings.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::upstream {

/// The target of a request, in place: what the repositories ask for is short.
class http_target {
  public:
    http_target& add(std::string_view text) noexcept;
    http_target& add(std::int64_t number) noexcept;

    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

  private:
    std::array<char, 96> text_{};
    std::size_t size_ = 0;
};

/// What the far side is given of `left`: without what the way back takes, a tenth of it but at most 50 ms, so that its
/// explanation arrives before our own limit comes (twice concurrency::abandon_after is enough for that). At least 1 ms.
[[nodiscard]] std::chrono::milliseconds budget_for_far_side(concurrency::duration left) noexcept;

/// Appends the header field that says `budget` in that dialect, or nothing.
void append_deadline(std::string& text, deadline_dialect dialect, std::chrono::milliseconds budget);

/// The heads of requests to one source.
class http_request_text {
  public:
    explicit http_request_text(const http_settings& settings);

    /// Appends the head of a GET, which has no body. `left`: what remains of the request's time, nothing if it has no
    /// limit. Request id and trace are those of the task that asks.
    void append_get(std::string& text, std::string_view target, std::optional<concurrency::duration> left,
                    const concurrency::task_node& asker) const;

  private:
    std::string constant_; // of every head: behind the target
    deadline_dialect dialect_;
};

} // namespace muster::upstream
