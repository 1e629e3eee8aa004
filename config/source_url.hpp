// config/: which source answers, by URL. This version knows SQLite files; the other schemes are known and refused.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace muster::config {

/// A SQLite file, the one kind of source of this version.
struct source_url {
    std::string text; ///< as written; show it through shown()
    std::string path; ///< the file: absolute, or relative to the working directory

    bool operator==(const source_url&) const = default;
};

/// sqlite:data/muster.db
[[nodiscard]] source_url default_source();

/// Reads `sqlite:PATH`; the path is taken as it stands, without percent-decoding. The error is a phrase that says what
/// to write instead, without passwords.
[[nodiscard]] std::expected<source_url, std::string> parse_source_url(std::string_view text);

/// Whether it carries a password, in its user information or as a `password` parameter. In doubt yes.
[[nodiscard]] bool has_password(std::string_view url);

/// `url` with every password replaced by `***`; what is no URL comes back as it is.
[[nodiscard]] std::string shown(std::string_view url);

} // namespace muster::config
