// server/: see log_output.hpp.
#include "server/log_output.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <system_error>
#include <utility>

namespace muster::server {

namespace {

constexpr std::size_t enough = 65'536; // bytes of lines to be written at a time

constexpr std::chrono::milliseconds long_write{1'000};

constexpr std::chrono::milliseconds longest_pause{5'000}; // between tries to open a file again

concurrency::duration::rep ticks(concurrency::time_point t) noexcept {
    return t.time_since_epoch().count();
}

concurrency::duration since(concurrency::duration::rep then) noexcept {
    return concurrency::clock::now() - concurrency::time_point(concurrency::duration(then));
}

std::uint64_t lines_in(std::string_view text) noexcept {
    return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

unique_fd open_log(const std::string& path) noexcept {
    return unique_fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640));
}

bool same_file(int a, int b) noexcept {
    struct stat first{};
    struct stat second{};
    return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

std::string reason(int error) {
    switch (error) {
    case 0:
        return {};
    case EAGAIN:
        return "nobody reads it";
    case ENXIO:
    case EPIPE:
        return "it has no reader";
    default:
        return std::generic_category().message(error);
    }
}

} // namespace

log_output::log_output(int descriptor, std::string name)
    : name_(std::move(name)),
      own_(patient_terminal(descriptor)),
      descriptor_(own_ ? own_.get() : descriptor),
      kind_(kind_of(descriptor)) {}

log_output::log_output(std::string path, concurrency::duration pause)
    : path_(std::move(path)),
      name_(path_),
      first_pause_(pause),
      pause_(pause) {}

int log_output::open() {
    own_ = open_log(path_);
    descriptor_ = own_.get();
    if (!own_) {
        return errno;
    }
    kind_ = kind_of(descriptor_);
    return 0;
}

bool log_output::write(line_source& source, concurrency::duration longest) {
    const std::lock_guard lock(writing_);
    const auto end = concurrency::clock::now() + longest;
    const bool asked = reopen_.exchange(false);
    if (asked) {
        pause_ = first_pause_;
    }
    if (!path_.empty() && (asked || (reopen_error_.load() != 0 && concurrency::clock::now() >= next_try_))) {
        reopen();
    }
    if (descriptor_ < 0) {
        if (const int error = open(); error != 0) {
            stuck(error);
            return false;
        }
    }
    do {
        refill(source);
        if (!flush(source)) {
            return false;
        }
        // Not waiting_: what is left of it is what came meanwhile.
    } while (source.waiting() != 0 && concurrency::clock::now() < end);
    return true;
}

void log_output::refill(line_source& source) {
    if (pending_.size() - written_to_ >= enough) {
        return;
    }
    const auto keep = line_begin();
    pending_.erase(0, keep);
    written_to_ -= keep;
    const auto before = pending_.size();
    source.take(pending_, enough);
    waiting_.fetch_add(lines_in(std::string_view(pending_).substr(before)));
}

// All of pending_, and first of all how many lines are missing: once, for more may be dropped all the time, and what is
// there to be written comes before that.
bool log_output::flush(line_source& source) {
    auto missing = source.dropped() - told_.load();
    for (;;) {
        // At the next line's begin: one that is cut is finished first.
        const auto place = line_begin() == written_to_ ? written_to_ : pending_.find('\n', written_to_) + 1;
        std::string note;
        if (missing != 0) {
            source.append_dropped(note, missing);
            pending_.insert(place, note);
        }
        if (written_to_ == pending_.size()) {
            error_.store(0);
            return true;
        }
        writing_since_.store(ticks(concurrency::clock::now()));
        const auto n = write_ready(descriptor_, kind_, std::string_view(pending_).substr(written_to_));
        writing_since_.store(0);
        const bool some = n && *n != 0;
        if (!note.empty() && some && written_to_ + *n > place) {
            told_.fetch_add(std::exchange(missing, 0));
            notes_.fetch_add(1);
            waiting_.fetch_add(1);
        } else {
            pending_.erase(place, note.size()); // not told: next time there may be more to tell
        }
        if (!some) {
            stuck(n ? EAGAIN : n.error());
            return false;
        }
        error_.store(0);
        const auto lines = lines_in(std::string_view(pending_).substr(written_to_, *n));
        written_.fetch_add(lines);
        waiting_.fetch_sub(lines);
        written_to_ += *n;
    }
}

// A line that is half in the old file is finished there, or else begins again in the new one.
void log_output::reopen() {
    auto fresh = open_log(path_);
    if (!fresh) { // better the old one than none, which write() is about to open in any case
        if (descriptor_ >= 0) {
            reopen_error_.store(errno);
            next_try_ = concurrency::clock::now() + pause_;
            pause_ = std::min<concurrency::duration>(2 * pause_, longest_pause);
        }
        return;
    }
    reopen_error_.store(0);
    if (descriptor_ >= 0) {
        if (same_file(descriptor_, fresh.get())) {
            return;
        }
        const auto end = pending_.find('\n', written_to_);
        while (line_begin() != written_to_) {
            const auto rest = std::string_view(pending_).substr(written_to_, end + 1 - written_to_);
            const auto n = write_ready(descriptor_, kind_, rest);
            if (!n || *n == 0) {
                written_to_ = line_begin();
                break;
            }
            written_to_ += *n;
            if (*n == rest.size()) {
                written_.fetch_add(1);
                waiting_.fetch_sub(1);
            }
        }
    }
    own_ = std::move(fresh);
    descriptor_ = own_.get();
    kind_ = kind_of(descriptor_);
}

std::size_t log_output::line_begin() const noexcept {
    if (written_to_ == 0) {
        return 0;
    }
    const auto end = pending_.rfind('\n', written_to_ - 1);
    return end == std::string::npos ? 0 : end + 1;
}

void log_output::stuck(int error) noexcept {
    if (error_.exchange(error) == 0) {
        stuck_since_.store(ticks(concurrency::clock::now()));
    }
}

log_status log_output::status(const line_source& source) const {
    const auto notes = notes_.load();
    const auto written = written_.load();
    log_status result{.log = {},
                      .sink = name_,
                      .written = written - std::min(notes, written),
                      .dropped = source.dropped(),
                      .waiting = source.waiting() + waiting_.load()};
    result.untold = result.dropped - std::min(told_.load(), result.dropped);
    if (const int error = error_.load(); error != 0) {
        result.stuck = since(stuck_since_.load());
        result.why = reason(error);
    }
    if (const auto began = writing_since_.load(); began != 0 && since(began) >= long_write) {
        result.stuck = since(began);
        result.why = "a write to it does not return";
    }
    result.not_reopened = reason(reopen_error_.load());
    return result;
}

} // namespace muster::server
