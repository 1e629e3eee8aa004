// server/: see request_parser.hpp.
#include "server/request_parser.hpp"

#include "handlers/method.hpp"
#include "server/head_scan.hpp"
#include "server/host.hpp"
#include "syntax/ascii.hpp"
#include "syntax/chunked_body.hpp"
#include "syntax/octets.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace muster::server {

namespace http = boost::beast::http;
using boost::system::error_code;
using syntax::equal_ignoring_case;
using syntax::scanned;
using syntax::trimmed;

namespace {

std::string_view view(boost::beast::string_view text) noexcept {
    return {text.data(), text.size()};
}

// Calls visit(element) for each of a list's elements that is not empty (RFC 9110, section 5.6.1.2).
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (const auto element = trimmed(list.substr(0, comma)); !element.empty()) {
            visit(element);
        }
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
}

} // namespace

/// Beast's parser with our sink: text goes straight into the head that handlers see. It gets whole heads only, whose
/// syntax is right, and no bodies.
class request_parser::machine final : public http::basic_parser<true> {
  public:
    explicit machine(const parser_limits& limits)
        : limits_(limits),
          scan_({limits.head, limits.target, limits.fields}),
          chunks_({limits.body, limits.extensions, limits.head, limits.fields}) {
        header_limit(std::numeric_limits<std::uint32_t>::max()); // head_scan has ours
        body_limit(limits.body);
        head.method.clear(); // nothing is known of it yet
        head.target.clear();
    }

    step feed(std::string_view bytes) {
        std::size_t consumed = 0;
        if (place_ == place::empty_lines) {
            // RFC 9112, section 2.2: empty lines before a request line are passed over.
            for (; bytes.substr(consumed).starts_with("\r\n"); consumed += 2) {
                empty_lines_ += 2;
                if (empty_lines_ > limits_.head) {
                    return fail(400, "nothing but empty lines came", consumed);
                }
            }
            const auto rest = bytes.substr(consumed);
            if (rest.empty() || rest == "\r") {
                return {outcome::need_more, consumed};
            }
            place_ = place::head;
        }
        if (place_ == place::head) {
            const auto step = feed_head(bytes.substr(consumed), consumed);
            if (step.what != outcome::complete || place_ == place::done) {
                return step;
            }
            return {outcome::head, step.consumed};
        }
        return place_ == place::chunks ? feed_chunks(bytes) : feed_length(bytes);
    }

    [[nodiscard]] bool began() const noexcept { return place_ != place::empty_lines; }

    handlers::request_head head;
    failure_reason failure;
    bool http_1_0 = false;
    bool closes = false;
    bool keeps_alive = false;
    bool expects_continue = false;

  private:
    enum class place : std::uint8_t { empty_lines, head, length, chunks, done };

    step fail(int status, std::string detail, std::size_t consumed) {
        failure = {status, std::move(detail)};
        return {outcome::failed, consumed};
    }

    // `complete`: the head is, and place_ says what follows.
    step feed_head(std::string_view bytes, std::size_t before) {
        const auto verdict = scan_.scan(bytes);
        tell_request_line(bytes);
        if (verdict == scanned::need_more) {
            return {outcome::need_more, before};
        }
        const auto consumed = before + scan_.size();
        if (verdict == scanned::failed) {
            failure = scan_.failure();
            if (head.target.empty()) {
                head.target = scan_.target_so_far(bytes);
            }
            tell_fields(bytes.substr(0, scan_.size()));
            return {outcome::failed, consumed};
        }
        error_code error;
        parse(bytes.substr(0, scan_.size()), error);
        if (error) {
            if (failure.detail.empty()) { // else it is our own rule's, see reject()
                failure = why(error);
            }
            return {outcome::failed, consumed};
        }
        return {outcome::complete, consumed};
    }

    void tell_request_line(std::string_view bytes) {
        if (head.method.empty()) {
            const auto method = scan_.method(bytes);
            if (scan_.line_size() != 0 || handlers::parse_method(method) != handlers::method::other) {
                head.method = method;
            }
        }
        if (head.target.empty() && scan_.line_size() != 0) {
            head.target = scan_.target(bytes);
            http_1_0 = scan_.minor_version() == 0;
        }
    }

    // The fields of a head that goes wrong behind them: whose request it is may be among them.
    void tell_fields(std::string_view bytes) {
        bytes.remove_prefix(std::min(scan_.line_size(), bytes.size()));
        for (auto end = bytes.find("\r\n"); scan_.line_size() != 0 && end != std::string_view::npos;
             end = bytes.find("\r\n")) {
            const auto line = bytes.substr(0, end);
            if (const auto colon = line.find(':'); colon != std::string_view::npos) {
                head.headers.add(line.substr(0, colon), line.substr(colon + 1));
            }
            bytes.remove_prefix(end + 2);
        }
    }

    void parse(std::string_view bytes, error_code& error) {
        if (scan_.minor_version() > 1) {
            // RFC 9110, section 2.5: a later minor version is treated as the highest that we know, of which Beast
            // knows.
            std::string line(bytes.substr(0, scan_.line_size()));
            line[line.size() - 3] = '1';
            put(boost::asio::const_buffer(line.data(), line.size()), error);
            if (error != http::error::need_more) {
                return;
            }
            bytes.remove_prefix(line.size());
        }
        put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    }

    [[nodiscard]] failure_reason why(const error_code& error) const {
        if (error == http::error::body_limit) {
            return {413, "the body is larger than " + std::to_string(limits_.body) + " bytes"};
        }
        if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
            error == http::error::bad_transfer_encoding) {
            const bool length = error != http::error::bad_transfer_encoding;
            if (length ? transfer_encodings_ != 0 : content_lengths_ != 0) {
                return {400, "there is both a Content-Length and a Transfer-Encoding"};
            }
            return {400, length ? bad_length(content_lengths_ + 1) : several_codings};
        }
        if (error == http::error::bad_value) {
            return {400, "Connection is no list of tokens"};
        }
        return {400, "the request is malformed: " + error.message()};
    }

    static std::string bad_length(int lines) {
        return lines > 1 ? "there is more than one Content-Length" : "Content-Length is not one number of 64 bits";
    }

    void reject(error_code& error, int status, std::string detail) {
        if (failure.detail.empty()) {
            failure = {status, std::move(detail)};
        }
        error = http::error::bad_value;
    }

    void on_request_impl(http::verb /*verb*/, boost::beast::string_view /*method*/,
                         boost::beast::string_view /*target*/, int /*version*/, error_code& /*error*/) override {
    } // told already

    void on_response_impl(int /*status*/, boost::beast::string_view /*reason*/, int /*version*/,
                          error_code& error) override {
        reject(error, 400, "a response is no request");
    }

    void on_field_impl(http::field name, boost::beast::string_view name_text, boost::beast::string_view value,
                       error_code& error) override {
        const auto text = trimmed(view(value));
        head.headers.add(view(name_text), text);
        switch (name) {
        case http::field::host:
            ++hosts_;
            host_valid_ = valid_host(text);
            break;
        case http::field::content_length:
            // A list, even of equal numbers, is a smuggler's tool (RFC 9112, section 6.3).
            if (++content_lengths_ > 1 || text.empty() || !syntax::octets::digit.holds(text)) {
                reject(error, 400, bad_length(content_lengths_));
            }
            break;
        case http::field::transfer_encoding:
            if (++transfer_encodings_ > 1) {
                reject(error, 400, several_codings);
                break;
            }
            transfer_encoding_ = text;
            break;
        case http::field::connection: // Beast has seen that it is a list of tokens
            for_each_element(text, [this](std::string_view option) {
                closes = closes || equal_ignoring_case(option, "close");
                keeps_alive = keeps_alive || equal_ignoring_case(option, "keep-alive");
            });
            break;
        case http::field::expect:
            for_each_element(text, [this](std::string_view expectation) {
                (equal_ignoring_case(expectation, "100-continue") ? expects_continue : expects_more_) = true;
            });
            break;
        default:
            break;
        }
    }

    void on_header_impl(error_code& error) override {
        place_ = place::done;
        if (transfer_encodings_ != 0) {
            check_coding(error);
            place_ = place::chunks;
        } else if (length_ = content_length().value_or(0); length_ != 0) {
            place_ = place::length;
        }
        if (!error && (hosts_ > 1 || (hosts_ == 1 && !host_valid_) || (hosts_ == 0 && !http_1_0))) {
            // RFC 9112, section 3.2
            reject(error, 400,
                   hosts_ == 0  ? "Host is missing"
                   : hosts_ > 1 ? "there is more than one Host"
                                : "Host is not a host name or address with an optional port");
        }
        if (http_1_0) { // RFC 9110, section 10.1.1: it has no expectations
            expects_continue = false;
        } else if (!error && expects_more_) {
            reject(error, 417, "the only expectation that is met is 100-continue");
        }
    }

    // RFC 9112, sections 6.1, 6.3 and 7.1. A Content-Length beside it was refused by Beast.
    void check_coding(error_code& error) {
        if (http_1_0) {
            reject(error, 400, "HTTP/1.0 has no Transfer-Encoding");
            return;
        }
        std::string_view last;
        int chunked = 0;
        int others = 0;
        for_each_element(transfer_encoding_, [&](std::string_view coding) {
            last = coding;
            ++(equal_ignoring_case(coding, "chunked") ? chunked : others);
        });
        if (!equal_ignoring_case(last, "chunked")) {
            reject(error, 400, "the last transfer coding is not chunked, so nobody knows where the body ends");
        } else if (chunked > 1) {
            reject(error, 400, "Transfer-Encoding names chunked more than once");
        } else if (others != 0) {
            reject(error, 501, "the only transfer coding understood is chunked");
        }
    }

    step feed_chunks(std::string_view bytes) {
        auto rest = bytes;
        switch (chunks_.feed(rest, head.body)) {
        case scanned::failed:
            failure = chunks_.failure();
            return {outcome::failed, bytes.size() - rest.size()};
        case scanned::complete:
            place_ = place::done;
            return {outcome::complete, bytes.size() - rest.size()};
        case scanned::need_more:
            break;
        }
        return {outcome::need_more, bytes.size()};
    }

    step feed_length(std::string_view bytes) {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(length_, bytes.size()));
        head.body.append(bytes.substr(0, n));
        length_ -= n;
        place_ = length_ == 0 ? place::done : place::length;
        return {length_ == 0 ? outcome::complete : outcome::need_more, n};
    }

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

    static constexpr const char* several_codings = "there is more than one Transfer-Encoding";

    parser_limits limits_;
    head_scan scan_;
    syntax::chunked_body chunks_;
    place place_ = place::empty_lines;
    std::size_t empty_lines_ = 0;
    std::uint64_t length_ = 0; // of the body, what is left of it
    int hosts_ = 0;
    int content_lengths_ = 0;
    int transfer_encodings_ = 0;
    bool host_valid_ = false;
    bool expects_more_ = false;
    std::string transfer_encoding_;
};

request_parser::request_parser(const parser_limits& limits) : machine_(std::make_unique<machine>(limits)) {}

request_parser::request_parser(request_parser&&) noexcept = default;
request_parser& request_parser::operator=(request_parser&&) noexcept = default;
request_parser::~request_parser() = default;

request_parser::step request_parser::feed(std::string_view bytes) {
    return machine_->feed(bytes);
}

bool request_parser::began() const noexcept {
    return machine_->began();
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
    return machine_->is_header_done() && !machine_->closes && (machine_->keeps_alive || !machine_->http_1_0);
}

bool request_parser::expects_continue() const noexcept {
    return machine_->expects_continue;
}

} // namespace muster::server
