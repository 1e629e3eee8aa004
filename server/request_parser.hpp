// server/: from bytes to a request, without a socket: the syntax is checked first (head_scan, chunked_body), then Beast
// parses the head, and every rule of HTTP/1.1 that it leaves to its user is applied. session feeds it and acts on what
// it says.
#pragma once

#include "handlers/request.hpp"
#include "syntax/refused_message.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace muster::server {

struct parser_limits {
    std::size_t head = 16 * 1024;      ///< request line, fields and their line ends; also all trailers
    std::size_t target = 8 * 1024;     ///< of the request line
    std::size_t fields = 100;          ///< header fields; also trailer fields
    std::size_t body = 64 * 1024;      ///< after removal of the chunked coding; no route reads one
    std::size_t extensions = 4 * 1024; ///< bytes of chunk extensions of one message
};

/// One request. A new parser for every request: Beast's cannot be used twice. What it says, and at which byte, depends
/// on the bytes alone, never on where they were cut.
class request_parser {
  public:
    explicit request_parser(const parser_limits& limits);
    request_parser(request_parser&&) noexcept;
    request_parser& operator=(request_parser&&) noexcept;
    ~request_parser();

    enum class outcome {
        need_more, ///< give it what is left of these bytes and more behind them
        head,      ///< said once, when the head is complete and a body follows
        complete,  ///< take() it; bytes that were not consumed belong to the next request
        failed,    ///< answer with failure() and close: nobody knows where the next request begins
    };

    struct step {
        outcome what = outcome::need_more;
        std::size_t consumed = 0; ///< bytes to drop from the front, whatever the outcome
    };

    using failure_reason = syntax::refused_message;

    /// Reads from the front of `bytes`. Not to be called after `complete` or `failed`.
    step feed(std::string_view bytes);

    /// Whether anything but empty lines came.
    [[nodiscard]] bool began() const noexcept;

    [[nodiscard]] const failure_reason& failure() const noexcept;

    /// What is known so far; whole after `complete`. Without an id. Method and target are empty before a whole request
    /// line came, but for a method that this server knows: who asks HEAD gets no body, whatever is wrong behind it. The
    /// fields are there after `head`, `complete` and `failed` (then those before the fault).
    [[nodiscard]] handlers::request_head take();
    [[nodiscard]] const handlers::request_head& head() const noexcept;

    [[nodiscard]] bool http_1_0() const noexcept;

    /// After `head` or `complete`: whether the connection may go on (RFC 9112, section 9.3).
    [[nodiscard]] bool keep_alive() const noexcept;

    /// After `head`: whether the client waits for 100 (RFC 9110, section 10.1.1).
    [[nodiscard]] bool expects_continue() const noexcept;

  private:
    class machine;
    std::unique_ptr<machine> machine_;
};

} // namespace muster::server
