// server/: listening sockets. An address is either ours alone or the start ends with a sentence that names it.
#pragma once

#include "config/address.hpp"
#include "server/unique_fd.hpp"

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

namespace muster::server {

/// The address cannot be had: `what()` is one line, "cannot listen on 127.0.0.1:8080: Address already in use".
class bind_error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The file of a Unix socket; removed by the destructor if it is still the one that was made here.
class socket_file {
  public:
    socket_file() = default;
    explicit socket_file(std::string path);
    socket_file(socket_file&& other) noexcept;
    socket_file& operator=(socket_file&& other) noexcept;
    ~socket_file();

  private:
    void remove() noexcept;

    std::string path_;
    unsigned long device_ = 0;
    unsigned long inode_ = 0;
};

struct listening {
    std::string address;            ///< with the port that was chosen, if 0 was asked for
    std::vector<unique_fd> sockets; ///< non-blocking, close-on-exec
    socket_file file;
};

/// Listens on `where`. TCP: `count` sockets of one SO_REUSEPORT group, one a loop; the first listens without it until
/// it does, so that an address in use is an error (with it alone a second process of the same user silently takes half
/// of the traffic), unless `share`. Who connects meanwhile is not lost. "localhost" is 127.0.0.1. A Unix socket is one
/// socket, whatever `count`; a file that a dead process left (nobody accepts on it) is replaced. Throws bind_error.
/// What TCP accepts there sends at once (TCP_NODELAY), and holds at most 16 KiB, and what one write adds, that are not
/// on their way to the client (TCP_NOTSENT_LOWAT), about 128 KiB with those that are (SO_SNDBUF), and about 32 KiB of
/// what is not read yet (SO_RCVBUF). A Unix socket is bounded by its sender's buffer alone. Whoever acknowledges
/// nothing for `unacknowledged`, or has no room for a byte all that time, is dropped by the kernel (TCP_USER_TIMEOUT),
/// also when the connection is closed here already: a net under the timeouts of the session, which are shorter.
[[nodiscard]] listening listen_on(const config::endpoint& where, std::size_t count, bool share,
                                  std::chrono::milliseconds unacknowledged = std::chrono::seconds(30));

} // namespace muster::server
