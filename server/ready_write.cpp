// server/: see ready_write.hpp.
#include "server/ready_write.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace muster::server {

namespace {

constexpr std::size_t most = 65'536;

// Whole lines up to `limit`; a line that is longer than that is begun.
std::string_view piece(std::string_view bytes, std::size_t limit) noexcept {
    if (bytes.size() <= limit) {
        return bytes;
    }
    const auto end = bytes.substr(0, limit).rfind('\n');
    return bytes.substr(0, end == std::string_view::npos ? limit : end + 1);
}

bool takes_something(int descriptor) noexcept {
    pollfd asked{.fd = descriptor, .events = POLLOUT, .revents = 0};
    return ::poll(&asked, 1, 0) > 0 && asked.revents != 0;
}

} // namespace

output_kind kind_of(int descriptor) noexcept {
    struct stat what{};
    if (::fstat(descriptor, &what) != 0) {
        return output_kind::other;
    }
    return S_ISREG(what.st_mode)    ? output_kind::file
           : S_ISSOCK(what.st_mode) ? output_kind::socket
                                    : output_kind::other;
}

unique_fd patient_terminal(int descriptor) noexcept {
    if (::isatty(descriptor) == 0) {
        return {};
    }
    const auto path = "/proc/self/fd/" + std::to_string(descriptor);
    return unique_fd(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

std::expected<std::size_t, int> write_ready(int descriptor, output_kind kind, std::string_view bytes) noexcept {
    for (;;) {
        ssize_t n = 0;
        switch (kind) {
        case output_kind::file:
            bytes = piece(bytes, most);
            n = ::write(descriptor, bytes.data(), bytes.size());
            break;
        case output_kind::socket:
            bytes = piece(bytes, most);
            n = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            break;
        case output_kind::other:
            if (!takes_something(descriptor)) {
                return 0;
            }
            bytes = piece(bytes, PIPE_BUF);
            n = ::write(descriptor, bytes.data(), bytes.size());
            break;
        }
        if (n >= 0) {
            return static_cast<std::size_t>(n);
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return 0;
        }
        if (errno != EINTR) {
            return std::unexpected(errno);
        }
    }
}

std::size_t write_some(int descriptor, std::string_view text) noexcept {
    const auto kind = kind_of(descriptor);
    const auto terminal = patient_terminal(descriptor);
    descriptor = terminal ? terminal.get() : descriptor;
    std::size_t written = 0;
    while (written != text.size()) {
        const auto n = write_ready(descriptor, kind, text.substr(written));
        if (!n || *n == 0) {
            break;
        }
        written += *n;
    }
    return written;
}

bool write_now(int descriptor, std::string_view text) noexcept {
    return write_some(descriptor, text) == text.size();
}

} // namespace muster::server
