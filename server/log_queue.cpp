// server/: see log_queue.hpp.
#include "server/log_queue.hpp"

#include "concurrency/time.hpp"
#include "server/back_within.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace muster::server {

namespace {

constexpr std::chrono::milliseconds patience{500}; // with a file

std::uint64_t lines_in(std::string_view text) noexcept {
    return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

} // namespace

log_queue::log_queue(int descriptor, std::function<std::string(const std::string&)> line_of)
    : descriptor_(descriptor),
      terminal_(patient_terminal(descriptor)),
      kind_(kind_of(descriptor)),
      line_of_(std::move(line_of)) {
    descriptor_ = terminal_ ? terminal_.get() : descriptor_;
}

void log_queue::put(std::string_view line) noexcept {
    std::shared_ptr<doorbell> bell;
    {
        const std::lock_guard lock(mutex_);
        switch (mode_) {
        case mode::passes:
            try {
                const auto lost = write_straight(std::string(line));
                dropped_ += lost.value_or(1);
                mode_ = lost ? mode::passes : mode::drops;
            } catch (const std::exception&) { // no memory
                ++dropped_;
            }
            return;
        case mode::drops:
            ++dropped_;
            return;
        case mode::keeps:
            break;
        }
        bell = bell_;
        try {
            if (lines_.size() + line.size() <= most) {
                lines_ += line;
                ++waiting_;
            } else {
                ++dropped_;
            }
        } catch (const std::exception&) { // no memory
            ++dropped_;
        }
    }
    bell->ring();
}

void log_queue::keep(std::shared_ptr<doorbell> bell) {
    const std::lock_guard lock(mutex_);
    bell_ = std::move(bell);
    mode_ = mode::keeps;
}

// The lock is not held while it writes: lines that come meanwhile wait for the next turn.
std::uint64_t log_queue::pass(bool torn) {
    std::unique_lock lock(mutex_);
    const auto end = concurrency::clock::now() + patience;
    const auto before = dropped_;
    auto next = mode::passes;
    torn_ = torn;
    while (!lines_.empty() && next == mode::passes && concurrency::clock::now() < end) {
        auto lines = std::exchange(lines_, {});
        const auto n = lines_in(lines);
        lock.unlock();
        const auto lost = write_straight(std::move(lines));
        lock.lock();
        waiting_ -= n;
        dropped_ += lost.value_or(n);
        next = lost ? mode::passes : mode::drops;
    }
    dropped_ += std::exchange(waiting_, 0);
    lines_.clear();
    mode_ = next;
    return dropped_ - before;
}

std::optional<std::uint64_t> log_queue::write_straight(std::string lines) {
    const auto all = lines_in(lines);
    const bool ends_another = torn_ && !lines.empty();
    if (ends_another) {
        lines.insert(0, 1, '\n');
    }
    const auto text = std::make_shared<const std::string>(std::move(lines));
    const auto n = std::make_shared<std::size_t>(0);
    const auto write = [descriptor = descriptor_, text, n] { *n = write_some(descriptor, *text); };
    if (kind_ != output_kind::file) {
        write();
    } else if (!back_within(patience, write)) {
        return std::nullopt;
    }
    if (*n == 0) {
        return all;
    }
    torn_ = (*text)[*n - 1] != '\n';
    return all + (ends_another ? 1 : 0) - lines_in(std::string_view(*text).substr(0, *n));
}

void log_queue::drop() {
    const std::lock_guard lock(mutex_);
    mode_ = mode::drops;
}

void log_queue::take(std::string& to, std::size_t enough) {
    const std::lock_guard lock(mutex_);
    if (lines_.size() <= enough) {
        to += lines_;
        lines_.clear();
        waiting_ = 0;
        return;
    }
    const auto end = lines_.find('\n', enough) + 1; // every line has its end
    to.append(lines_, 0, end);
    waiting_ -= static_cast<std::uint64_t>(std::count(to.end() - static_cast<std::ptrdiff_t>(end), to.end(), '\n'));
    lines_.erase(0, end);
}

void log_queue::append_dropped(std::string& to, std::uint64_t n) {
    to += line_of_("dropped " + std::to_string(n) + (n == 1 ? " line" : " lines") + " of the log: there was no room");
}

std::uint64_t log_queue::waiting() const noexcept {
    const std::lock_guard lock(mutex_);
    return waiting_;
}

std::uint64_t log_queue::dropped() const noexcept {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

} // namespace muster::server
