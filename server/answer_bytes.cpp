// server/: see answer_bytes.hpp.
#include "server/answer_bytes.hpp"

#include <array>
#include <charconv>

namespace muster::server {

namespace {

template <class Number>
void append_number(std::string& out, Number value) {
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

void append_answer(std::string& out, const handlers::response& response, const answer_frame& frame) {
    const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
    const auto& fields = response.headers.lines();
    out.reserve(out.size() + 320 + fields.size() + (frame.head_only || bodiless ? 0 : response.body.size()));
    out.append("HTTP/1.1 ");
    append_number(out, response.status);
    out.append(" ").append(handlers::reason_phrase(response.status)).append("\r\n");
    append_field(out, "Date", frame.date);
    if (!response.content_type.empty() && !bodiless) {
        append_field(out, "Content-Type", response.content_type);
    }
    if (!bodiless) {
        out.append("Content-Length: ");
        append_number(out, response.body.size());
        out.append("\r\n");
    }
    append_field(out, "Cache-Control", response.cache_control);
    out.append("X-Content-Type-Options: nosniff\r\n");
    if (response.retry_after) {
        out.append("Retry-After: ");
        append_number(out, response.retry_after->count());
        out.append("\r\n");
    }
    if (!frame.request_id.empty()) {
        append_field(out, "X-Request-Id", frame.request_id);
    }
    if (frame.close) {
        append_field(out, "Connection", "close");
    } else if (frame.http_1_0) {
        append_field(out, "Connection", "keep-alive");
    }
    out.append(fields).append("\r\n");
    if (!frame.head_only && !bodiless) {
        out.append(response.body);
    }
}

} // namespace muster::server
