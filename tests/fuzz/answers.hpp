// tests/fuzz: what a server said on one connection, read by somebody who takes nothing for granted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::fuzz {

struct answer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields; ///< as they came, without white space around the value
    std::string body;
    std::size_t size = 0; ///< bytes of all of it
    bool whole = true;    ///< false: the stream ends inside of it

    /// The first of that name, in any case; empty if there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const;

    [[nodiscard]] std::size_t count(std::string_view name) const;

    /// Whether it says that the connection ends.
    [[nodiscard]] bool closes() const { return field("Connection") == "close"; }
};

/// Reads one answer from the front of `stream`, which shrinks. fail()s on whatever RFC 9112 does not allow: in the
/// status line, in a field, in the length. A stream that ends in the middle of it is no failure: `whole` is false.
/// `to_head`: it answers a HEAD, hence has no body.
[[nodiscard]] answer read_answer(std::string_view& stream, bool to_head);

/// What must not differ between two runs: status, fields and body, without the date, and with the id of the request
/// as "ID".
[[nodiscard]] std::string normalised(const answer& one);

} // namespace muster::fuzz
