// server/: see request_parser.hpp.
#include "server/request_parser.hpp"

#include "handlers/ascii.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace muster::server {

namespace http = boost::beast::http;
using boost::system::error_code;
using handlers::equal_ignoring_case;
using handlers::trimmed;

namespace {

constexpr bool decimal(char c) noexcept {
    return c >= '0' && c <= '9';
}

constexpr bool hexadecimal(char c) noexcept {
    return decimal(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_port(std::string_view text) noexcept {
    return text.size() <= 5 && std::ranges::all_of(text, decimal);
}

// Whether a request line is right but for the version, "HTTP/2.0".
bool names_another_version(std::string_view line) noexcept {
    if (std::ranges::count(line, ' ') != 2 || line.ends_with("HTTP/1.0") || line.ends_with("HTTP/1.1")) {
        return false;
    }
    const auto version = line.substr(line.rfind(' ') + 1);
    return version.size() == 8 && version.starts_with("HTTP/") && decimal(version[5]) && version[6] == '.' &&
           decimal(version[7]);
}

std::string_view view(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

} // namespace

bool valid_host(std::string_view host) noexcept {
    if (host.empty() || host.size() > 255 + 6) {
        return false;
    }
    if (host.front() == '[') { // an IPv6 literal
        const auto close = host.find(']');
        if (close == std::string_view::npos || close < 3) {
            return false;
        }
        const auto literal = host.substr(1, close - 1);
        const auto rest = host.substr(close + 1);
        return std::ranges::all_of(literal, [](char c) { return hexadecimal(c) || c == ':' || c == '.'; }) &&
               (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1))));
    }
    const auto colon = host.find(':');
    const auto name = host.substr(0, colon);
    const auto allowed = [](char c) {
        return decimal(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-._~%!$&'()*+,;=").find(c) != std::string_view::npos;
    };
    return !name.empty() && std::ranges::all_of(name, allowed) &&
           (colon == std::string_view::npos || is_port(host.substr(colon + 1)));
}

/// Beast's parser with our sink: text goes straight into the head that handlers see.
class request_parser::machine final : public http::basic_parser<true> {
  public:
    explicit machine(const parser_limits& limits) : limits_(limits) {
        // Beast's own limit is for request line and fields each; the sum is checked here.
        header_limit(static_cast<std::uint32_t>(limits.head));
        body_limit(limits.body);
        head.method.clear(); // nothing is known of it yet
        head.target.clear();
    }

    step feed(std::string_view bytes) {
        std::size_t consumed = 0;
        if (!got_some()) {
            // RFC 9112, section 2.2: empty lines before a request line are passed over.
            while (bytes.substr(consumed).starts_with("\r\n")) {
                consumed += 2;
            }
            head_bytes_ += consumed;
            if (bytes.substr(consumed) == "\r" || consumed == bytes.size()) {
                return head_bytes_ > limits_.head ? fail(400, "nothing but empty lines", consumed)
                                                  : step{outcome::need_more, consumed};
            }
        }
        while (!is_done()) {
            const auto rest = bytes.substr(consumed);
            const bool in_head = !is_header_done();
            if (rest.empty()) {
                return {outcome::need_more, consumed};
            }
            error_code error;
            const auto n = put(boost::asio::const_buffer(rest.data(), rest.size()), error);
            consumed += n;
            if (in_head) {
                head_bytes_ += n;
            }
            if (error == http::error::need_more) {
                return after_need_more(bytes.substr(consumed), consumed);
            }
            if (error) {
                return refuse(error, rest, consumed);
            }
            if (in_head && is_header_done()) {
                if (head_bytes_ > limits_.head) {
                    return too_large(consumed);
                }
                if (!is_done()) {
                    return {outcome::head, consumed};
                }
            }
        }
        return {outcome::complete, consumed};
    }

    handlers::request_head head;
    failure_reason failure;
    bool http_1_0 = false;
    bool expects_continue = false;

  private:
    step fail(int status, std::string detail, std::size_t consumed) {
        failure = {status, std::move(detail)};
        return {outcome::failed, consumed};
    }

    step too_large(std::size_t consumed) { return fail(431, "the header fields are too large", consumed); }

    // The head does not fit: which part of it is to blame? The parser need not have told the request line although it
    // is there: once it has seen a head that was cut, it waits for the whole.
    step head_too_large(std::string_view unread, std::size_t consumed) {
        if (has_request_line_ || unread.substr(0, longest_line()).find("\r\n") != std::string_view::npos) {
            return too_large(consumed);
        }
        return unread.substr(0, longest_method + 1).find(' ') == std::string_view::npos
                   ? fail(400, "the request line is malformed: the method is too long", consumed)
                   : fail(414, "the request target is too long", consumed);
    }

    step after_need_more(std::string_view unread, std::size_t consumed) {
        if (is_header_done()) {
            return unread.size() >= limits_.head ? chunk_too_large(unread, consumed)
                                                 : step{outcome::need_more, consumed};
        }
        const bool line_is_late = !has_request_line_ && unread.size() >= longest_line() &&
                                  unread.substr(0, longest_line()).find("\r\n") == std::string_view::npos;
        return line_is_late || unread.size() + head_bytes_ >= limits_.head ? head_too_large(unread, consumed)
                                                                           : step{outcome::need_more, consumed};
    }

    // Between chunks: a chunk's header without an end, or trailers (RFC 9112, section 7.1) behind the header of the
    // last.
    step chunk_too_large(std::string_view unread, std::size_t consumed) {
        if (unread.starts_with("\r\n")) { // the end of the chunk before
            unread.remove_prefix(2);
        }
        return unread.substr(0, limits_.extensions + 64).find("\r\n") == std::string_view::npos
                   ? fail(400, "a chunk's header is too large", consumed)
                   : fail(431, "the trailers are too large", consumed);
    }

    step refuse(const error_code& error, std::string_view at, std::size_t consumed) {
        if (!failure.detail.empty()) {
            return {outcome::failed, consumed}; // our own rule, see reject()
        }
        if (error == http::error::header_limit) {
            return is_header_done() ? chunk_too_large(at, consumed) : head_too_large(at, consumed);
        }
        if (error == http::error::body_limit) {
            return fail(413, "the body is larger than " + std::to_string(limits_.body) + " bytes", consumed);
        }
        if (error == http::error::bad_version && names_another_version(at.substr(0, at.find('\r')))) {
            return fail(505, "this server speaks HTTP/1.0 and HTTP/1.1", consumed);
        }
        return fail(400, "the request is malformed: " + error.message(), consumed);
    }

    void reject(error_code& error, int status, std::string detail) {
        if (failure.detail.empty()) {
            failure = {status, std::move(detail)};
        }
        error = http::error::bad_value;
    }

    void on_request_impl(http::verb /*verb*/, boost::beast::string_view method, boost::beast::string_view target,
                         int version, error_code& error) override {
        head.method = view(method);
        head.target = view(target);
        http_1_0 = version == 10;
        has_request_line_ = true;
        if (head.target.size() > limits_.target) {
            reject(error, 414, "the request target is too long");
        }
    }

    void on_response_impl(int /*status*/, boost::beast::string_view /*reason*/, int /*version*/,
                          error_code& error) override {
        reject(error, 400, "a response is no request");
    }

    void on_field_impl(http::field name, boost::beast::string_view name_text, boost::beast::string_view value,
                       error_code& error) override {
        if (in_trailer_) {
            return; // nothing here depends on trailers, and merging them would be a way around checks
        }
        if (++fields_ > limits_.fields) {
            reject(error, 431, "there are more than " + std::to_string(limits_.fields) + " header fields");
            return;
        }
        const auto text = trimmed(view(value));
        switch (name) {
        case http::field::host:
            ++hosts_;
            host_valid_ = valid_host(text);
            break;
        case http::field::content_length:
            // A list, even of equal numbers, is a smuggler's tool (RFC 9112, section 6.3).
            if (++content_lengths_ > 1 || text.empty() || !std::ranges::all_of(text, decimal)) {
                reject(error, 400, "Content-Length is not one number");
                return;
            }
            break;
        case http::field::transfer_encoding:
            if (++transfer_encodings_ > 1) {
                reject(error, 400, "there is more than one Transfer-Encoding");
                return;
            }
            transfer_encoding_ = text;
            break;
        case http::field::expect:
            expect_ = text;
            break;
        default:
            break;
        }
        head.headers.add(view(name_text), text);
    }

    void on_header_impl(error_code& error) override {
        in_trailer_ = true;
        check_framing(error);
        if (!error && (hosts_ > 1 || (hosts_ == 1 && !host_valid_) || (hosts_ == 0 && !http_1_0))) {
            // RFC 9112, section 3.2
            reject(error, 400,
                   hosts_ == 0  ? "Host is missing"
                   : hosts_ > 1 ? "there is more than one Host"
                                : "Host is malformed");
        }
        if (!error && !expect_.empty() && !http_1_0) {
            if (!equal_ignoring_case(expect_, "100-continue")) {
                reject(error, 417, "the only expectation that is met is 100-continue");
            }
            expects_continue = true;
        }
    }

    void check_framing(error_code& error) {
        if (transfer_encodings_ == 0) {
            return;
        }
        if (http_1_0) {
            reject(error, 400, "HTTP/1.0 has no Transfer-Encoding"); // RFC 9112, section 6.1
        } else if (content_lengths_ != 0) {
            reject(error, 400, "there is both a Content-Length and a Transfer-Encoding");
        } else if (!equal_ignoring_case(transfer_encoding_, "chunked")) {
            std::string_view rest = transfer_encoding_;
            bool unknown = false;
            while (!rest.empty()) {
                const auto comma = std::min(rest.find(','), rest.size());
                const auto coding = trimmed(rest.substr(0, comma));
                unknown = unknown || (!coding.empty() && !equal_ignoring_case(coding, "chunked"));
                rest.remove_prefix(std::min(comma + 1, rest.size()));
            }
            reject(error, unknown ? 501 : 400,
                   unknown ? "the only transfer coding understood is chunked" : "Transfer-Encoding is malformed");
        }
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, error_code& /*error*/) override {}

    std::size_t on_body_impl(boost::beast::string_view piece, error_code& /*error*/) override {
        head.body.append(piece.data(), piece.size());
        return piece.size();
    }

    void on_chunk_header_impl(std::uint64_t /*size*/, boost::beast::string_view extensions,
                              error_code& error) override {
        extension_bytes_ += extensions.size();
        if (extension_bytes_ > limits_.extensions) {
            reject(error, 400, "the chunk extensions are too large");
        }
    }

    std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, boost::beast::string_view piece,
                                   error_code& /*error*/) override {
        head.body.append(piece.data(), piece.size());
        return piece.size();
    }

    void on_finish_impl(error_code& /*error*/) override {}

    // What no request line within the limits exceeds.
    [[nodiscard]] std::size_t longest_line() const noexcept { return limits_.target + 2 * longest_method; }

    static constexpr std::size_t longest_method = 32;

    parser_limits limits_;
    std::size_t head_bytes_ = 0;
    std::size_t fields_ = 0;
    std::size_t extension_bytes_ = 0;
    int hosts_ = 0;
    int content_lengths_ = 0;
    int transfer_encodings_ = 0;
    bool has_request_line_ = false;
    bool host_valid_ = false;
    bool in_trailer_ = false;
    std::string transfer_encoding_;
    std::string expect_;
};

request_parser::request_parser(const parser_limits& limits) : machine_(std::make_unique<machine>(limits)) {}

request_parser::request_parser(request_parser&&) noexcept = default;
request_parser& request_parser::operator=(request_parser&&) noexcept = default;
request_parser::~request_parser() = default;

request_parser::step request_parser::feed(std::string_view bytes) {
    return machine_->feed(bytes);
}

bool request_parser::began() const noexcept {
    return machine_->got_some();
}

const request_parser::failure_reason& request_parser::failure() const noexcept {
    return machine_->failure;
}

handlers::request_head request_parser::take() {
    return std::move(machine_->head);
}

const handlers::request_head& request_parser::head() const noexcept {
    return machine_->head;
}

bool request_parser::http_1_0() const noexcept {
    return machine_->http_1_0;
}

bool request_parser::keep_alive() const noexcept {
    return machine_->is_header_done() && machine_->keep_alive();
}

bool request_parser::expects_continue() const noexcept {
    return machine_->expects_continue;
}

} // namespace muster::server
