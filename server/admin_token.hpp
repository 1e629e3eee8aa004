// server/: the token that the admin listener asks for, from its file to its comparison. It is never logged, never shown
// and never taken from a URL, which ends up in logs and histories.
#pragma once

#include "handlers/header_list.hpp"
#include "handlers/response.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::server {

/// Immutable once made: asked by every loop at once.
class admin_token {
  public:
    static constexpr std::size_t longest = 4096; ///< bytes; what a request's head can carry with ease, as base64 too
    static constexpr std::size_t guessable_below = 16; ///< characters

    /// The token in the text of a file, without one newline at its end: printable ASCII without spaces, 1 to `longest`
    /// characters, so that every client can send it either way. The error is a phrase that tells nothing of the text.
    [[nodiscard]] static std::expected<admin_token, std::string> parse(std::string_view text);

    /// Whether the request brings it, in its one Authorization field, as `Bearer TOKEN` (RFC 6750, section 2.1) or as
    /// the password of `Basic` with any user name (RFC 7617). How long the comparison takes depends on what was sent,
    /// not on the token.
    [[nodiscard]] bool brought_by(const handlers::header_list& headers) const;

    /// Whether it has so few characters that trying them all is no hard work.
    [[nodiscard]] bool guessable() const noexcept { return token_.size() < guessable_below; }

  private:
    explicit admin_token(std::string token) : token_(std::move(token)) {}

    [[nodiscard]] bool equals(std::string_view given) const noexcept;

    std::string token_;
};

struct token_file {
    admin_token token;
    std::vector<std::string> warnings; ///< sentences: others may read the file, the token is short
};

/// Reads the regular file of that name. The error is a whole sentence for the start's last line, naming the flag, the
/// file and what to do. Never waits (a FIFO is refused).
[[nodiscard]] std::expected<token_file, std::string> read_token_file(const std::string& name);

/// 401 with a challenge for each way to bring the token (RFC 9110, section 11.6.1), in a field of its own, since
/// browsers read only the first of a field; the same whether none was brought or a wrong one.
[[nodiscard]] handlers::response token_refusal(std::string_view request_id);

} // namespace muster::server
