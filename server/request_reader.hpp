// server/: the receiving half of a connection: bytes become requests, one after another, within the limits of time, of
// rate and of memory that no trickle renews. session acts on what it says.
#pragma once

#include "concurrency/loop.hpp"
#include "concurrency/task.hpp"
#include "concurrency/time.hpp"
#include "server/client_memory.hpp"
#include "server/read_buffer.hpp"
#include "server/request_parser.hpp"
#include "server/stream.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace muster::server {

/// How long a request may take to arrive, counted from its first byte.
struct arrival_limits {
    std::chrono::milliseconds head{10'000};
    std::chrono::milliseconds whole{15'000};
    std::size_t body_rate = 240;                ///< bytes a second, at least, on average after the grace; 0: any
    std::chrono::milliseconds body_grace{5000}; ///< from the end of the head
};

class request_reader {
  public:
    /// On `home`'s thread only; references outlive this.
    request_reader(concurrency::loop& home, stream_socket& socket, const arrival_limits& limits,
                   client_memory& memory) noexcept;

    /// Waits for the first bytes of a request, in no memory; how many have come, 0 when none will, or when a cancel of
    /// the socket cut the wait. Bounded by the caller's scope.
    [[nodiscard]] concurrency::task<std::size_t> first_bytes();

    /// As first_bytes(), without waiting.
    [[nodiscard]] std::size_t first_bytes_now();

    /// Passes over line ends that came behind a request (RFC 9112, section 2.2), a few of them before each: they begin
    /// none. Whether nothing else has come.
    [[nodiscard]] bool skip_line_ends() noexcept;

    /// Starts the clock of the next request.
    void begin() noexcept;

    enum class outcome : std::uint8_t {
        complete,  ///< take() it from the parser
        refused,   ///< answer with refusal() and close
        continues, ///< the client waits for a 100 (RFC 9110, section 10.1.1); say it and read on
        ended,     ///< there is nobody to tell
    };

    /// Reads on in the request that begin() began.
    [[nodiscard]] concurrency::task<outcome> read(request_parser& parser);

    /// When the bytes came that completed the head, once read() has said anything but `ended`: a head that came with an
    /// earlier request came then, however long it has waited for its turn here.
    [[nodiscard]] concurrency::time_point head_came() const noexcept { return head_came_; }

    /// What the parser says, or 408 (it did not arrive in time), 400 (it ends too early), 503 (there is no memory for
    /// it).
    [[nodiscard]] request_parser::failure_reason& refusal() noexcept { return refusal_; }

    /// Whether bytes behind the last request have come already.
    [[nodiscard]] bool has_unread() const noexcept { return !buffer_.unread().empty(); }

    /// Whether they have, or may well have: the last read took all that fitted.
    [[nodiscard]] bool may_have_more() const noexcept { return has_unread() || filled_up_; }

    /// The request is whole, and in the parser: gives back what it was read into, unless more has come. What it is
    /// counted for stays until rest().
    void read_whole() noexcept { buffer_.rest(); }

    /// The last request is answered: gives back its memory, unless more has come.
    void rest() noexcept;

    /// No more is read: gives back all memory, whatever has come.
    void drop() noexcept;

  private:
    /// What ends the wait for the next bytes, and what is said then.
    struct limit {
        concurrency::time_point at;
        const char* why;
    };

    [[nodiscard]] limit next_limit() const noexcept;
    [[nodiscard]] bool has_room(const request_parser& parser) noexcept;
    void took(std::size_t n, std::size_t space) noexcept;

    concurrency::loop& home_;
    stream_socket& socket_;
    const arrival_limits& limits_;
    client_memory::share held_;
    read_buffer buffer_;
    concurrency::time_point began_{};
    concurrency::time_point body_began_{};
    concurrency::time_point received_{};  ///< the bytes that came last
    concurrency::time_point head_came_{}; ///< of the request that is read
    std::size_t body_bytes_ = 0;          ///< received since body_began_
    int skipped_ = 0;
    bool in_body_ = false;
    bool filled_up_ = false;
    request_parser::failure_reason refusal_;
};

} // namespace muster::server
