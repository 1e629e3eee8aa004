// tests/fuzz: requests about which there can be no two opinions, read without the server's code. What is in any way
// odd is left alone: of that the conformance vectors speak.
#pragma once

#include "server/request_parser.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster::fuzz {

struct plain_request {
    std::string method; ///< GET, HEAD, POST or OPTIONS
    std::string target;
    std::string body; ///< decoded
    bool closes;      ///< the connection has to end with its answer
};

struct plain_stream {
    std::vector<plain_request> requests;
    enum class rest : std::uint8_t {
        none, ///< the bytes end with the last of them
        cut,  ///< a beginning of one more such request follows, and nothing else
        odd,  ///< something else follows
    } behind = rest::none;
};

/// Cuts `bytes` into requests as long as they are plain: within half of the limits, a target and a Host of harmless
/// characters, Content-Length or chunks without extensions and trailers, no Expect, nothing behind a last one.
[[nodiscard]] plain_stream read_plain(std::string_view bytes, const server::parser_limits& limits);

} // namespace muster::fuzz
