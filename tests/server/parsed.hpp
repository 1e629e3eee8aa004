// tests/server: messages read by the request parser as a session lets it read them, in every way in which they may
// arrive.
#pragma once

#include "server/request_parser.hpp"

#include <string>
#include <string_view>

namespace muster::tests::parsed {

struct message {
    server::request_parser::outcome what = server::request_parser::outcome::need_more;
    int status = 0; // of a failure
    std::string detail;
    handlers::request_head head;
    std::string rest; // bytes of the next message
    bool keep_alive = false;
    bool expects_continue = false;
};

/// The first piece of `first` bytes, then pieces of `size` bytes.
[[nodiscard]] message parse_cut(std::string_view bytes, std::size_t first, std::size_t size,
                                const server::parser_limits& limits = {});

/// Pieces of `size` bytes; without it, whole.
[[nodiscard]] message parse(std::string_view bytes, std::size_t size = std::string_view::npos,
                            const server::parser_limits& limits = {});

[[nodiscard]] bool same(const message& a, const message& b);

/// Whole, byte by byte, and cut in two at every position: whatever the split, the same; it is checked.
message parse_every_way(std::string_view bytes, const server::parser_limits& limits = {});

/// The status of parse_every_way().
[[nodiscard]] int status_of(std::string_view bytes);

/// A request for /x with these field lines.
[[nodiscard]] std::string with(std::string_view fields, std::string_view body = "", std::string_view method = "POST");

/// One whose body is chunked; `body` is as it is sent.
[[nodiscard]] std::string chunked(std::string_view body);

} // namespace muster::tests::parsed
