// handlers/: the request target (RFC 9112, section 3.2), cut into its parts and nothing more: no decoding, no
// normalisation.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

namespace muster::handlers {

enum class target_form : std::uint8_t {
    origin,   ///< "/user/1?x=y", the usual one
    absolute, ///< "http://host/user/1", as proxies send it and every server must accept
    asterisk, ///< "*", of OPTIONS for the server as a whole
};

/// Views of the text that was parsed (or of literals).
struct target {
    target_form form = target_form::origin;
    bool https = false;         ///< an absolute form of that scheme
    std::string_view authority; ///< host and port, of the absolute form only; overrides Host (RFC 9112, 3.2.2)
    std::string_view path;      ///< still percent-encoded; begins with '/', except "*"
    std::string_view query;     ///< what follows the '?', still encoded; empty without one
};

/// If the text is none of the three forms, a sentence (static text) that says why: then the answer is 400. Refused with
/// it: the authority form (there is no CONNECT), schemes other than http and https, user information, an empty host, a
/// fragment, a '%' that begins no escape, and every byte that a URI has only percent-encoded (white space, control
/// characters, what is beyond ASCII, "<>\^`{|} and brackets in path or query). The authority is not checked further:
/// see server/host.
[[nodiscard]] std::expected<target, std::string_view> parse_target(std::string_view text) noexcept;

/// The parts of a text that parse_target() has accepted.
[[nodiscard]] target cut_target(std::string_view text) noexcept;

} // namespace muster::handlers
