// config/: which source answers, by URL. This version knows SQLite files and other musters over HTTP; further schemes
// are known and refused.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace muster::config {

enum class source_kind : std::uint8_t { sqlite, http };

/// "SQLite", "HTTP": for sentences.
[[nodiscard]] std::string_view to_string(source_kind kind);

struct source_url {
    source_kind kind = source_kind::sqlite;
    std::string text;       ///< as written; show it through shown()
    std::string path{};     ///< the file, or of HTTP a Unix socket: absolute, or relative to the working directory
    std::string host{};     ///< of HTTP, if it has no path: an address (IPv6 without brackets) or a name in lower case
    std::uint16_t port = 0; ///< with a host: 1 .. 65535

    bool operator==(const source_url&) const = default;
};

/// sqlite:data/muster.db
[[nodiscard]] source_url default_source();

/// Reads `sqlite:PATH`, whose path is taken as it stands, without percent-decoding, or `http:` and what
/// parse_http_place() reads. The error is a phrase that says what to write instead, without passwords.
[[nodiscard]] std::expected<source_url, std::string> parse_source_url(std::string_view text);

/// Whether it carries a password, in its user information or as a `password` parameter. In doubt yes.
[[nodiscard]] bool has_password(std::string_view url);

/// `url` with every password replaced by `***`; what is no URL comes back as it is.
[[nodiscard]] std::string shown(std::string_view url);

} // namespace muster::config
