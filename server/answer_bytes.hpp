// server/: from a response to the bytes on the wire: one buffer, hence one write.
#pragma once

#include "handlers/response.hpp"

#include <string>
#include <string_view>

namespace muster::server {

/// What the connection adds to what the handler said.
struct answer_frame {
    std::string_view date;
    std::string_view request_id;
    bool head_only = false; ///< the answer to a HEAD: all fields, no body
    bool http_1_0 = false;  ///< the request was: then keep-alive is said
    bool close = false;     ///< the connection ends after it
};

/// Appends status line, fields (on every answer: Date, Cache-Control and X-Content-Type-Options) and body (RFC 9112,
/// sections 4 to 6). An answer to HTTP/1.0 is HTTP/1.1 too (RFC 9112, section 2.3). A 204 and a 304 have neither body
/// nor Content-Length.
void append_answer(std::string& out, const handlers::response& response, const answer_frame& frame);

} // namespace muster::server
