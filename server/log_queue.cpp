// server/: see log_queue.hpp.
#include "server/log_queue.hpp"

#include "server/ready_write.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace muster::server {

log_queue::log_queue(int descriptor, std::function<std::string(const std::string&)> line_of)
    : descriptor_(descriptor),
      terminal_(patient_terminal(descriptor)),
      line_of_(std::move(line_of)) {
    descriptor_ = terminal_ ? terminal_.get() : descriptor_;
}

void log_queue::put(std::string_view line) noexcept {
    std::shared_ptr<doorbell> bell;
    {
        const std::lock_guard lock(mutex_);
        switch (mode_) {
        case mode::passes:
            dropped_ += write_now(descriptor_, line) ? 0 : 1;
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

void log_queue::pass() {
    const std::lock_guard lock(mutex_);
    mode_ = mode::passes;
    if (!write_now(descriptor_, lines_)) {
        dropped_ += waiting_;
    }
    lines_.clear();
    waiting_ = 0;
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
