// upstream/: from bytes to an answer, without a socket. Beast parses whole heads; what it leaves to its user is decided
// here: interim answers, framing that two readers could take for two things, and what the connection's future depends
// on. Bodies do not go through Beast (docs/decisions/0010).
#pragma once

#include "syntax/chunked_body.hpp"
#include "upstream/errors.hpp"

#include <boost/system/error_code.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::upstream {

struct answer_limits {
    std::size_t head = 16 * 1024;       ///< status line and fields, of all interim answers together; also trailers
    std::size_t body = 8 * 1024 * 1024; ///< after removal of the chunked coding
};

/// What an answer's head says, as far as anybody here wants to know.
struct answer_head {
    enum class media : std::uint8_t { other, json, problem_json };

    int status = 0;
    media type = media::other;
    bool coded = false;                                    ///< it has a content coding, though none was asked for
    std::optional<std::chrono::seconds> retry_after{};     ///< its delay in seconds; a date counts as nothing
    std::optional<std::chrono::seconds> keep_alive_hint{}; ///< timeout= of Keep-Alive: when the server will close
};

/// The answer to one GET. What it says depends on the bytes alone, never on where they were cut.
class http_answer_parser {
  public:
    /// More than so many interim (1xx) answers are no protocol.
    static constexpr int most_interim = 16;

    /// The body is appended to `body`, which outlives this.
    http_answer_parser(const answer_limits& limits, std::string& body);
    http_answer_parser(const http_answer_parser&) = delete;
    http_answer_parser& operator=(const http_answer_parser&) = delete;
    ~http_answer_parser();

    enum class outcome : std::uint8_t {
        need_more, ///< give it what it did not consume and more behind it
        complete,
        failed, ///< see failed_with(): the connection is of no use any more
    };

    struct step {
        outcome what = outcome::need_more;
        std::size_t consumed = 0;
    };

    /// Reads from the front of `bytes`. Not to be called after `complete` or `failed`.
    step feed(std::string_view bytes);

    /// The other side has ended: complete if that is how the body ends (RFC 9112, section 6.3), else failed.
    outcome end();

    /// Whether any byte of an answer came.
    [[nodiscard]] bool began() const noexcept { return began_; }

    /// After `complete`.
    [[nodiscard]] const answer_head& head() const noexcept { return head_; }

    /// After `complete`: whether the connection can carry another request (RFC 9112, section 9.3).
    [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }

    /// After `failed`: malformed, too_large or closed, and why, for the log.
    [[nodiscard]] failure failed_with() const noexcept { return failure_; }

    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

  private:
    enum class place : std::uint8_t { in_head, length, chunks, until_end, none };

    class machine; // Beast's parser: in place, since one is made for every answer

    step feed_body(std::string_view bytes, std::size_t consumed);
    step feed_chunks(std::string_view bytes, std::size_t consumed);
    void head_done();
    step fail(failure kind, std::string reason, std::size_t consumed);
    step fail_as(const boost::system::error_code& error, std::size_t consumed);
    [[nodiscard]] std::size_t end_of_head(std::string_view bytes) noexcept;
    machine& renew();
    [[nodiscard]] machine& current() noexcept;

    answer_limits limits_;
    std::string& body_;
    syntax::chunked_body chunks_;
    std::uint64_t length_ = 0; // of the body, what is left of it
    place body_is_ = place::in_head;
    answer_head head_;
    std::string reason_;
    std::size_t head_bytes_ = 0; // of heads that are over
    std::size_t searched_ = 0;   // of the present one: no empty line up to here
    int interim_ = 0;
    bool bare_lf_ = false;
    bool began_ = false;
    bool keep_alive_ = false;
    failure failure_ = failure::malformed;
    alignas(std::max_align_t) std::array<std::byte, 256> place_;
};

} // namespace muster::upstream
