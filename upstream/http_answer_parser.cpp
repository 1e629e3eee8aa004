// upstream/: see http_answer_parser.hpp.
#include "upstream/http_answer_parser.hpp"

#include "syntax/ascii.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <new>

namespace muster::upstream {

namespace http = boost::beast::http;
using boost::system::error_code;
using syntax::equal_ignoring_case;
using syntax::trimmed;

namespace {

constexpr std::size_t most_extensions = 4 * 1024; // bytes, of all chunks of one answer
constexpr std::size_t most_trailers = 100;
constexpr std::size_t most_reserved = 64 * 1024; // for a body, before its bytes have come: a length is only a claim

std::string_view view(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

std::optional<std::chrono::seconds> seconds_of(std::string_view digits) noexcept {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) {
        return std::chrono::seconds(std::numeric_limits<std::int32_t>::max());
    }
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(std::chrono::seconds(value))
                                                                        : std::nullopt;
}

answer_head::media media_of(std::string_view content_type) noexcept {
    const auto type = trimmed(content_type.substr(0, content_type.find(';')));
    return equal_ignoring_case(type, "application/json")           ? answer_head::media::json
           : equal_ignoring_case(type, "application/problem+json") ? answer_head::media::problem_json
                                                                   : answer_head::media::other;
}

// The value of `timeout` in "timeout=5, max=100".
std::optional<std::chrono::seconds> timeout_of(std::string_view keep_alive) noexcept {
    while (!keep_alive.empty()) {
        const auto comma = std::min(keep_alive.find(','), keep_alive.size());
        const auto item = trimmed(keep_alive.substr(0, comma));
        constexpr std::string_view name = "timeout=";
        if (equal_ignoring_case(item.substr(0, name.size()), name)) {
            return seconds_of(item.substr(name.size()));
        }
        keep_alive.remove_prefix(std::min(comma + 1, keep_alive.size()));
    }
    return std::nullopt;
}

} // namespace

/// Beast's parser with our sink. It gets whole heads only: of one that comes in pieces it says other things.
class http_answer_parser::machine final : public http::basic_parser<false> {
  public:
    explicit machine(const answer_limits& limits) {
        header_limit(std::numeric_limits<std::uint32_t>::max()); // feed() has ours
        body_limit(limits.body);
    }

    answer_head head;
    const char* rejected = nullptr; // by us: the reason

  private:
    void reject(const char* reason, error_code& error) noexcept {
        rejected = reason;
        error = http::error::bad_value;
    }

    void on_request_impl(http::verb /*verb*/, boost::beast::string_view /*method*/,
                         boost::beast::string_view /*target*/, int /*version*/, error_code& error) override {
        reject("it is a request", error);
    }

    void on_response_impl(int status, boost::beast::string_view /*reason*/, int version, error_code& error) override {
        head.status = status;
        http_1_0_ = version < 11;
        if (status < 100 || status > 599) { // RFC 9110, section 15
            reject("its status is none", error);
        } else if (status == 101) { // section 15.2.2
            reject("it switches to a protocol that nobody asked for", error);
        }
    }

    void on_field_impl(http::field name, boost::beast::string_view /*text*/, boost::beast::string_view raw,
                       error_code& error) override {
        const auto value = trimmed(view(raw));
        switch (name) {
        case http::field::content_length:
            // A list, even of equal numbers, is a smuggler's tool (RFC 9112, section 6.3).
            if (++lengths_ > 1 || value.contains(',')) {
                reject("there is more than one Content-Length", error);
            }
            break;
        case http::field::transfer_encoding: // RFC 9112, section 6.1
            if (http_1_0_ || !equal_ignoring_case(value, "chunked") || ++codings_ > 1) {
                reject("its transfer coding is not just chunked", error);
            }
            break;
        case http::field::content_type:
            head.type = media_of(value);
            break;
        case http::field::content_encoding:
            head.coded = !equal_ignoring_case(value, "identity");
            break;
        case http::field::retry_after:
            head.retry_after = seconds_of(value);
            break;
        case http::field::keep_alive:
            head.keep_alive_hint = timeout_of(value);
            break;
        default:
            break;
        }
    }

    void on_header_impl(error_code& /*error*/) override {}

    // Bodies do not come here.
    void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, error_code& /*error*/) override {}

    std::size_t on_body_impl(boost::beast::string_view piece, error_code& /*error*/) override { return piece.size(); }

    void on_chunk_header_impl(std::uint64_t /*size*/, boost::beast::string_view /*extensions*/,
                              error_code& /*error*/) override {}

    std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, boost::beast::string_view piece,
                                   error_code& /*error*/) override {
        return piece.size();
    }

    void on_finish_impl(error_code& /*error*/) override {}

    int lengths_ = 0;
    int codings_ = 0;
    bool http_1_0_ = false;
};

http_answer_parser::http_answer_parser(const answer_limits& limits, std::string& body)
    : limits_(limits),
      body_(body),
      chunks_({.body = limits.body, .extensions = most_extensions, .trailers = limits.head, .fields = most_trailers}) {
    static_assert(sizeof(machine) <= sizeof(place_));
    new (place_.data()) machine(limits_);
}

http_answer_parser::~http_answer_parser() {
    current().~machine();
}

http_answer_parser::machine& http_answer_parser::current() noexcept {
    return *std::launder(reinterpret_cast<machine*>(place_.data()));
}

http_answer_parser::machine& http_answer_parser::renew() {
    current().~machine();
    return *new (place_.data()) machine(limits_);
}

http_answer_parser::step http_answer_parser::fail(failure kind, std::string reason, std::size_t consumed) {
    failure_ = kind;
    reason_ = std::move(reason);
    return {outcome::failed, consumed};
}

http_answer_parser::step http_answer_parser::feed(std::string_view bytes) {
    began_ = began_ || !bytes.empty();
    std::size_t consumed = 0;
    while (body_is_ == place::in_head) {
        const auto rest = bytes.substr(consumed);
        constexpr std::string_view beginning = "HTTP/";
        if (!beginning.starts_with(rest.substr(0, beginning.size()))) {
            return fail(failure::malformed, "it does not begin like an answer", consumed);
        }
        const auto room = limits_.head - head_bytes_;
        const auto end = end_of_head(rest.substr(0, room));
        if (bare_lf_) {
            return fail(failure::malformed, "a line of its head ends without a carriage return", consumed);
        }
        if (end == 0 && rest.size() >= room) {
            return fail(failure::too_large, "its head is larger than " + std::to_string(limits_.head) + " bytes",
                        consumed);
        }
        if (end == 0) {
            return {outcome::need_more, consumed};
        }
        error_code error;
        current().put(boost::asio::const_buffer(rest.data(), end), error);
        if (error) {
            return fail_as(error, consumed);
        }
        consumed += end;
        head_bytes_ += end;
        searched_ = 0;
        if (current().head.status >= 200) {
            head_done();
        } else if (++interim_ > most_interim) {
            return fail(failure::malformed, "there is no end to its interim answers", consumed);
        } else {
            renew();
        }
    }
    return feed_body(bytes, consumed);
}

// RFC 9112, section 6.3
void http_answer_parser::head_done() {
    auto& parser = current();
    head_ = parser.head;
    keep_alive_ = parser.keep_alive();
    length_ = parser.content_length().value_or(0);
    body_is_ = parser.is_done()    ? place::none
               : parser.chunked()  ? place::chunks
               : parser.need_eof() ? place::until_end
                                   : place::length;
    if (body_is_ == place::length) {
        body_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(length_, most_reserved)));
    }
}

http_answer_parser::step http_answer_parser::feed_body(std::string_view bytes, std::size_t consumed) {
    const auto rest = bytes.substr(consumed);
    switch (body_is_) {
    case place::chunks:
        return feed_chunks(bytes, consumed);
    case place::until_end:
        if (body_.size() + rest.size() > limits_.body) {
            return fail_as(http::error::body_limit, consumed);
        }
        body_.append(rest);
        return {outcome::need_more, bytes.size()};
    case place::length: {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(length_, rest.size()));
        body_.append(rest.substr(0, n));
        length_ -= n;
        return {length_ == 0 ? outcome::complete : outcome::need_more, consumed + n};
    }
    default:
        return {outcome::complete, consumed};
    }
}

http_answer_parser::step http_answer_parser::feed_chunks(std::string_view bytes, std::size_t consumed) {
    auto rest = bytes.substr(consumed);
    const auto verdict = chunks_.feed(rest, body_);
    consumed = bytes.size() - rest.size();
    if (verdict == syntax::scanned::failed) {
        const auto& why = chunks_.failure();
        const bool large = why.status == 413 || why.status == 431;
        return fail(large ? failure::too_large : failure::malformed, why.detail, consumed);
    }
    return {verdict == syntax::scanned::complete ? outcome::complete : outcome::need_more, consumed};
}

http_answer_parser::outcome http_answer_parser::end() {
    if (body_is_ == place::until_end) {
        return outcome::complete;
    }
    return fail(failure::closed, began_ ? "it ended in the middle of its answer" : "it ended without an answer", 0)
        .what;
}

// The length of the first head in `bytes`, its empty line included; 0: it is not whole yet.
std::size_t http_answer_parser::end_of_head(std::string_view bytes) noexcept {
    for (auto lf = bytes.find('\n', searched_); lf != std::string_view::npos; lf = bytes.find('\n', lf + 1)) {
        if (lf == 0 || bytes[lf - 1] != '\r') {
            bare_lf_ = true;
            return 0;
        }
        if (lf >= 3 && bytes[lf - 2] == '\n') {
            return lf + 1;
        }
    }
    searched_ = bytes.size();
    return 0;
}

http_answer_parser::step http_answer_parser::fail_as(const error_code& error, std::size_t consumed) {
    if (error == http::error::body_limit) {
        return fail(failure::too_large, "its body is larger than " + std::to_string(limits_.body) + " bytes", consumed);
    }
    const auto* rejected = current().rejected;
    return fail(failure::malformed, rejected != nullptr ? std::string(rejected) : error.message(), consumed);
}

} // namespace muster::upstream
