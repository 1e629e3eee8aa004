// upstream/: see http_request_text.hpp.
#include "upstream/http_request_text.hpp"

#include <algorithm>

namespace muster::upstream {

using std::chrono::milliseconds;

namespace {

void append(std::string& text, std::int64_t number) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    text.append(digits.data(), end);
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

void append_field(std::string& text, std::string_view name, std::int64_t value) {
    text.append(name).append(": ");
    append(text, value);
    text.append("\r\n");
}

// One to eight digits and a unit, as gRPC over HTTP/2 has it.
void append_grpc_timeout(std::string& text, milliseconds budget) {
    constexpr std::int64_t most = 99'999'999;
    text.append("grpc-timeout: ");
    if (budget.count() <= most) {
        append(text, budget.count());
        text.append("m\r\n");
    } else {
        append(text, std::min(budget.count() / 1'000, most));
        text.append("S\r\n");
    }
}

} // namespace

http_target& http_target::add(std::string_view text) noexcept {
    const auto n = std::min(text.size(), text_.size() - size_);
    std::copy_n(text.begin(), n, text_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += n;
    return *this;
}

http_target& http_target::add(std::int64_t number) noexcept {
    const auto end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - text_.data());
    return *this;
}

milliseconds budget_for_far_side(concurrency::duration left) noexcept {
    constexpr concurrency::duration longest_way_back = milliseconds(50);
    static_assert(longest_way_back > concurrency::abandon_after);
    const auto given = left - std::min(left / 10, longest_way_back);
    return std::max(std::chrono::duration_cast<milliseconds>(given), milliseconds(1));
}

void append_deadline(std::string& text, deadline_dialect dialect, milliseconds budget) {
    switch (dialect) {
    case deadline_dialect::none:
        return;
    case deadline_dialect::x_request_timeout_ms:
        return append_field(text, "X-Request-Timeout-Ms", budget.count());
    case deadline_dialect::connect_timeout_ms: // at most ten digits, by that protocol
        return append_field(text, "Connect-Timeout-Ms", std::min<std::int64_t>(budget.count(), 9'999'999'999));
    case deadline_dialect::grpc_timeout:
        return append_grpc_timeout(text, budget);
    case deadline_dialect::x_envoy_expected_rq_timeout_ms:
        return append_field(text, "X-Envoy-Expected-Rq-Timeout-Ms", budget.count());
    case deadline_dialect::x_yataxi_client_timeout_ms:
        return append_field(text, "X-YaTaxi-Client-TimeoutMs", budget.count());
    case deadline_dialect::request_timeout: // 0 would be a spent budget
        return append_field(text, "Request-Timeout", std::max<std::int64_t>(budget.count() / 1'000, 1));
    }
}

http_request_text::http_request_text(const http_settings& settings) : dialect_(settings.dialect) {
    constant_ = " HTTP/1.1\r\n";
    append_field(constant_, "Host", host_field(settings.origin));
    append_field(constant_, "User-Agent", "muster");
    append_field(constant_, "Accept", "application/json");
}

void http_request_text::append_get(std::string& text, std::string_view target,
                                   std::optional<concurrency::duration> left,
                                   const concurrency::task_node& asker) const {
    text.append("GET ").append(target).append(constant_);
    if (left) {
        append_deadline(text, dialect_, budget_for_far_side(*left));
    }
    if (const auto id = asker.ref(); !id.empty()) {
        append_field(text, "X-Request-Id", id);
    }
    if (const auto* trace = asker.trace(); trace != nullptr && !trace->parent.empty()) {
        append_field(text, "traceparent", trace->parent);
        if (!trace->state.empty()) {
            append_field(text, "tracestate", trace->state);
        }
    }
    text.append("\r\n");
}

} // namespace muster::upstream
