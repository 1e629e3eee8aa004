// server/: see command_io.hpp.
#include "server/command_io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>

namespace muster::server {

namespace {

constexpr std::size_t large = 256 * 1024;

[[noreturn]] void fail(const std::string& name, int error) {
    throw std::runtime_error(name + ": " + std::strerror(error));
}

/// Until `fd` is ready for `what`, or a signal comes.
void wait_for(int fd, short what, const stop_signals& stop) {
    pollfd both[] = {{.fd = fd, .events = what, .revents = 0},
                     {.fd = stop.descriptor(), .events = POLLIN, .revents = 0}};
    while (::poll(both, 2, -1) < 0 && errno == EINTR) {
    }
    if (both[1].revents != 0) {
        throw stopped_by_signal{};
    }
}

bool is_plain_file(int fd) {
    struct stat found{};
    return ::fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

} // namespace

command_input::command_input(const std::string& name, const stop_signals& stop)
    : name_(name == "-" ? "standard input" : name),
      stop_(stop) {
    if (name == "-") {
        fd_ = STDIN_FILENO;
    } else {
        owned_.reset(::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        fd_ = owned_.get();
    }
    struct stat found{};
    if (fd_ < 0 || ::fstat(fd_, &found) != 0) {
        fail(name_, errno);
    }
    const int flags = ::fcntl(fd_, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) { // it was closed when we were started, or is only to be written
        fail(name_, EBADF);
    }
    if (S_ISDIR(found.st_mode)) {
        fail(name_, EISDIR);
    }
    if (S_ISREG(found.st_mode)) {
        size_ = static_cast<std::uint64_t>(found.st_size);
    }
}

std::size_t command_input::read(std::span<char> into) {
    while (true) {
        wait_for(fd_, POLLIN, stop_);
        const auto got = ::read(fd_, into.data(), into.size());
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno != EINTR && errno != EAGAIN) {
            fail(name_, errno);
        }
    }
}

command_output::command_output(const stop_signals& stop) : may_block_(!is_plain_file(STDOUT_FILENO)), stop_(stop) {
    buffer_.reserve(large);
}

void command_output::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= large) {
        flush();
    }
}

void command_output::flush() {
    std::string_view left = buffer_;
    while (!left.empty()) {
        wait_for(STDOUT_FILENO, POLLOUT, stop_);
        // A pipe that is ready takes this much without blocking; more might keep us from hearing a signal.
        const auto piece = may_block_ ? std::min(left.size(), std::size_t{PIPE_BUF}) : left.size();
        const auto written = ::write(STDOUT_FILENO, left.data(), piece);
        if (written >= 0) {
            left.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EPIPE) {
            throw output_closed{};
        } else if (errno != EINTR && errno != EAGAIN) {
            fail("standard output", errno);
        }
    }
    buffer_.clear();
}

} // namespace muster::server
