// server/: from bytes to a request head, without a socket: Beast's parser, and every rule of HTTP/1.1 that it leaves to
// its user. session feeds it and acts on what it says.
#pragma once

#include "handlers/request.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace muster::server {

struct parser_limits {
    std::size_t head = 16 * 1024;      ///< request line, fields and their line ends; also one chunk's header, trailers
    std::size_t target = 8 * 1024;     ///< of the request line
    std::size_t fields = 100;          ///< header fields
    std::size_t body = 64 * 1024;      ///< after removal of the chunked coding; no route reads one
    std::size_t extensions = 4 * 1024; ///< bytes of chunk extensions of one message
};

/// One request. A new parser for every request: Beast's cannot be used twice.
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

    /// Why a message was refused: 400, 413, 414, 417, 431, 501 or 505 (RFC 9110, section 15.5 and 15.6).
    struct failure_reason {
        int status = 400;
        std::string detail;
    };

    /// Reads from the front of `bytes`. Not to be called after `complete` or `failed`.
    step feed(std::string_view bytes);

    /// Whether anything but empty lines came.
    [[nodiscard]] bool began() const noexcept;

    [[nodiscard]] const failure_reason& failure() const noexcept;

    /// What is known so far (method and target are empty before a whole request line came); whole after `complete`.
    /// Without an id.
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

/// Whether `host` can be a Host field: host with an optional port, not empty (RFC 9110, section 7.2).
[[nodiscard]] bool valid_host(std::string_view host) noexcept;

} // namespace muster::server
