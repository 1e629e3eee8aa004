// server/: see admin_token.hpp.
#include "server/admin_token.hpp"

#include "config/file.hpp"
#include "config/scalar.hpp"
#include "handlers/problem.hpp"
#include "server/base64.hpp"
#include "syntax/ascii.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>

namespace muster::server {

namespace {

using syntax::equal_ignoring_case;

bool printable(char c) noexcept {
    return c > ' ' && c <= '~';
}

std::string flag_with(const std::string& file) {
    return "--admin-token-file " + config::shown_value(file);
}

} // namespace

std::expected<admin_token, std::string> admin_token::parse(std::string_view text) {
    if (text.ends_with('\n')) {
        text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
    }
    if (text.empty()) {
        return std::unexpected("is empty; write a token into it, such as what `openssl rand -hex 32` prints");
    }
    if (text.size() > longest) {
        return std::unexpected("is longer than " + std::to_string(longest) + " bytes: it should hold one token");
    }
    if (const auto odd = std::ranges::find_if_not(text, printable); odd != text.end()) {
        return std::unexpected("holds something else than printable ASCII (byte " +
                               std::to_string(odd - text.begin() + 1) +
                               "): it should be one line, without spaces, which clients can send as it is");
    }
    return admin_token(std::string(text));
}

bool admin_token::equals(std::string_view given) const noexcept {
    // Every byte that was given is compared with some byte of the token; volatile keeps the compiler from leaving
    // early.
    volatile unsigned char differs = given.size() == token_.size() ? 0 : 1;
    std::size_t at = 0;
    for (const char c : given) {
        differs = static_cast<unsigned char>(differs |
                                             (static_cast<unsigned char>(c) ^ static_cast<unsigned char>(token_[at])));
        at = at + 1 == token_.size() ? 0 : at + 1;
    }
    return differs == 0;
}

bool admin_token::brought_by(const handlers::header_list& headers) const {
    std::optional<std::string_view> only;
    bool several = false;
    headers.for_each([&](std::string_view name, std::string_view value) {
        if (equal_ignoring_case(name, "authorization")) {
            several = several || only;
            only = value;
        }
    });
    if (!only || several) {
        return false;
    }
    const auto space = only->find(' ');
    if (space == std::string_view::npos) {
        return false;
    }
    const auto scheme = only->substr(0, space);
    const auto given = syntax::trimmed(only->substr(space));
    if (equal_ignoring_case(scheme, "bearer")) {
        return equals(given);
    }
    if (!equal_ignoring_case(scheme, "basic")) {
        return false;
    }
    const auto pair = decode_base64(given);
    if (!pair) {
        return false;
    }
    const auto colon = pair->find(':'); // a user name has none
    return colon != std::string::npos && equals(std::string_view(*pair).substr(colon + 1));
}

std::expected<token_file, std::string> read_token_file(const std::string& name) {
    const auto text = config::read_whole_file(name);
    if (!text) {
        return std::unexpected(flag_with(name) + " " + text.error());
    }
    auto token = admin_token::parse(*text);
    if (!token) {
        return std::unexpected(flag_with(name) + " " + token.error());
    }
    token_file read{.token = *std::move(token), .warnings = {}};
    struct stat what{};
    if (::stat(name.c_str(), &what) == 0 && (what.st_mode & S_IROTH) != 0) {
        read.warnings.push_back(flag_with(name) +
                                " can be read by everybody on this machine: take that from it with chmod o-r");
    }
    if (read.token.guessable()) {
        read.warnings.push_back(flag_with(name) + " holds a token of fewer than " +
                                std::to_string(admin_token::guessable_below) +
                                " characters, which can be guessed: better is what `openssl rand -hex 32` prints");
    }
    return read;
}

handlers::response token_refusal(std::string_view request_id) {
    auto made = handlers::to_response(
        {.status = 401, .detail = "a token is asked for here, as Bearer or as the password of Basic, any user name"},
        request_id);
    made.headers.add("WWW-Authenticate", R"(Bearer realm="muster admin")");
    made.headers.add("WWW-Authenticate", R"(Basic realm="muster admin")");
    return made;
}

} // namespace muster::server
