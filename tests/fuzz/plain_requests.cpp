// tests/fuzz: see plain_requests.hpp.
#include "tests/fuzz/plain_requests.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace muster::fuzz {

namespace {

enum class found : std::uint8_t { whole, cut, odd };

bool only(std::string_view text, std::string_view also) {
    return std::ranges::all_of(text, [&](unsigned char c) {
        return std::isalnum(c) != 0 || also.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

std::string lower(std::string_view text) {
    std::string small(text);
    std::ranges::transform(small, small.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return small;
}

bool is_hexadecimal(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

constexpr std::array<std::string_view, 4> methods{"GET", "HEAD", "POST", "OPTIONS"};

class reader {
  public:
    reader(std::string_view bytes, const server::parser_limits& limits) : rest(bytes), limits_(limits) {}

    found read(plain_request& into) {
        const auto before = rest.size();
        const auto request_line = line();
        if (!request_line) {
            return begins_request_line() ? found::cut : found::odd;
        }
        if (!read_request_line(*request_line, into)) {
            return found::odd;
        }
        std::size_t fields = 0;
        for (;;) {
            const auto field = line();
            if (!field) {
                const bool begins_name =
                    rest.empty() || (std::isalpha(static_cast<unsigned char>(rest.front())) != 0 && only(rest, "-"));
                return before < limits_.head / 2 && begins_name ? found::cut : found::odd;
            }
            if (field->empty()) {
                break;
            }
            if (++fields > limits_.fields / 2 || !read_field(*field)) {
                return found::odd;
            }
        }
        if (before - rest.size() > limits_.head / 2 || hosts_ != 1 || (length_ && chunked_)) {
            return found::odd;
        }
        into.closes = http_1_0_ ? connection_ != "keep-alive" : connection_ == "close";
        if (chunked_) {
            return http_1_0_ ? found::odd : read_chunks(into.body);
        }
        if (length_.value_or(0) > limits_.body / 2) {
            return found::odd;
        }
        if (rest.size() < length_.value_or(0)) {
            return found::cut;
        }
        into.body = rest.substr(0, length_.value_or(0));
        rest.remove_prefix(into.body.size());
        return found::whole;
    }

    std::string_view rest;

  private:
    std::optional<std::string_view> line() {
        const auto end = rest.find("\r\n");
        if (end == rest.npos) {
            return std::nullopt;
        }
        const auto text = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        return text;
    }

    // Up to somewhere in the target.
    [[nodiscard]] bool begins_request_line() const {
        return rest.size() < limits_.target / 2 &&
               std::ranges::any_of(
                   methods,
                   [this](std::string_view method) {
                       const auto whole = std::string(method) + " /";
                       return whole.starts_with(rest) ||
                              (rest.starts_with(whole) && only(rest.substr(whole.size()), "/-_."));
                   });
    }

    bool read_request_line(std::string_view text, plain_request& into) {
        const auto one = text.find(' ');
        const auto two = one == text.npos ? one : text.find(' ', one + 1);
        if (two == text.npos) {
            return false;
        }
        into.method = text.substr(0, one);
        into.target = text.substr(one + 1, two - one - 1);
        const auto version = text.substr(two + 1);
        http_1_0_ = version == "HTTP/1.0";
        return std::ranges::find(methods, into.method) != methods.end() && into.target.starts_with('/') &&
               into.target.size() < limits_.target / 2 && only(into.target, "/-_.~?=&") &&
               (http_1_0_ || version == "HTTP/1.1");
    }

    bool read_field(std::string_view text) {
        const auto colon = text.find(':');
        if (colon == text.npos || colon == 0 || !only(text.substr(0, colon), "-")) {
            return false;
        }
        const auto name = lower(text.substr(0, colon));
        auto value = text.substr(colon + 1);
        while (value.starts_with(' ')) {
            value.remove_prefix(1);
        }
        while (value.ends_with(' ')) {
            value.remove_suffix(1);
        }
        if (!only(value, " !\"#$%&'()*+,-./:;<=>?@[]^_`{|}~")) {
            return false;
        }
        if (name == "host") {
            return ++hosts_ == 1 && !value.empty() && value.size() < 64 && only(value, "-.") &&
                   std::isalpha(static_cast<unsigned char>(value.front())) != 0;
        }
        if (name == "content-length") {
            if (length_ || value.empty() || value.size() > 6 ||
                !std::ranges::all_of(value, [](unsigned char c) { return std::isdigit(c) != 0; })) {
                return false;
            }
            length_ = std::stoul(std::string(value));
            return true;
        }
        if (name == "transfer-encoding") {
            const bool first = !chunked_;
            chunked_ = true;
            return first && lower(value) == "chunked";
        }
        if (name == "connection") {
            const bool first = connection_.empty();
            connection_ = lower(value);
            return first && (connection_ == "close" || connection_ == "keep-alive");
        }
        // What changes how the rest is read or answered.
        constexpr std::array<std::string_view, 6> others{"expect",  "upgrade",          "te",
                                                         "trailer", "proxy-connection", "keep-alive"};
        return std::ranges::find(others, name) == others.end() && !name.starts_with("if-") && name != "range" &&
               name != "http2-settings";
    }

    found read_chunks(std::string& into) {
        for (;;) {
            const auto header = line();
            if (!header) {
                return rest.size() < 3 && is_hexadecimal(rest) ? found::cut : found::odd;
            }
            if (header->empty() || header->size() > 6 || !is_hexadecimal(*header)) {
                return found::odd;
            }
            const auto size = std::stoul(std::string(*header), nullptr, 16);
            if (into.size() + size > limits_.body / 2) {
                return found::odd;
            }
            if (rest.size() < size + 2) {
                const auto behind = rest.substr(std::min<std::size_t>(size, rest.size()));
                return behind.empty() || behind == "\r" ? found::cut : found::odd;
            }
            into += rest.substr(0, size);
            if (rest.substr(size, 2) != "\r\n") {
                return found::odd;
            }
            rest.remove_prefix(size + 2);
            if (size == 0) {
                return found::whole;
            }
        }
    }

    const server::parser_limits& limits_;
    int hosts_ = 0;
    std::optional<std::size_t> length_;
    bool chunked_ = false;
    bool http_1_0_ = false;
    std::string connection_;
};

} // namespace

plain_stream read_plain(std::string_view bytes, const server::parser_limits& limits) {
    plain_stream all;
    while (!bytes.empty()) {
        reader one(bytes, limits);
        plain_request request;
        const auto how = one.read(request);
        if (how != found::whole) {
            all.behind = how == found::cut ? plain_stream::rest::cut : plain_stream::rest::odd;
            return all;
        }
        bytes = one.rest;
        all.requests.push_back(std::move(request));
        if (all.requests.back().closes) {
            all.behind = bytes.empty() ? plain_stream::rest::none : plain_stream::rest::odd;
            return all;
        }
    }
    return all;
}

} // namespace muster::fuzz
