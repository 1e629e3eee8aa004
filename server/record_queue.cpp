// server/: see record_queue.hpp.
#include "server/record_queue.hpp"

#include "server/access_line.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace muster::server {

namespace {

// What of a record has a fixed size; its texts follow in this order.
struct fixed {
    std::chrono::system_clock::time_point began;
    std::string_view route;
    std::string_view cause;
    std::chrono::nanoseconds took;
    std::uint64_t bytes;
    std::int64_t budget_ms; // no_budget: none
    std::uint16_t status;
    handlers::deadline_header_set ignored;
    std::uint16_t request_id;
    std::uint16_t peer;
    std::uint16_t method;
    std::uint16_t target;
};

constexpr std::int64_t no_budget = -1;

constexpr std::size_t longest_record = sizeof(fixed) + (3 * longest_log_word) + request_record::longest_target;

std::uint16_t cut(const std::string& text, std::size_t longest) noexcept {
    return static_cast<std::uint16_t>(std::min(text.size(), longest));
}

} // namespace

record_queue::record_queue(std::shared_ptr<doorbell> bell, std::size_t capacity)
    : bell_(std::move(bell)),
      ring_(capacity) {}

void record_queue::add(request_record&& record) noexcept {
    const fixed head{.began = record.began,
                     .route = record.route,
                     .cause = record.cause,
                     .took = record.took,
                     .bytes = record.bytes,
                     .budget_ms = record.budget ? record.budget->count() : no_budget,
                     .status = static_cast<std::uint16_t>(record.status),
                     .ignored = record.ignored,
                     .request_id = cut(record.request_id, longest_log_word),
                     .peer = cut(record.peer, longest_log_word),
                     .method = cut(record.method, longest_log_word),
                     .target = cut(record.target, request_record::longest_target)};
    std::array<char, longest_record> packed; // NOLINT(cppcoreguidelines-pro-type-member-init): written below
    auto* end = packed.data();
    const auto append = [&end](const void* from, std::size_t size) {
        std::memcpy(end, from, size);
        end += size;
    };
    append(&head, sizeof head);
    append(record.request_id.data(), head.request_id);
    append(record.peer.data(), head.peer);
    append(record.method.data(), head.method);
    append(record.target.data(), head.target);
    const auto size = static_cast<std::size_t>(end - packed.data());
    if (ring_.write_available() < size) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
    } else {
        added_.fetch_add(1);
        ring_.push(packed.data(), size);
    }
    bell_->ring();
}

bool record_queue::take(request_record& record) {
    fixed head; // NOLINT(cppcoreguidelines-pro-type-member-init): read below
    if (ring_.read_available() == 0) {
        return false;
    }
    std::array<char, sizeof head> raw;
    ring_.pop(raw.data(), raw.size()); // a record comes into the ring as a whole
    std::memcpy(&head, raw.data(), sizeof head);
    const auto text = [this](std::string& into, std::size_t size) {
        into.resize(size);
        ring_.pop(into.data(), size);
    };
    record.began = head.began;
    record.route = head.route;
    record.cause = head.cause;
    record.took = head.took;
    record.bytes = head.bytes;
    record.budget.reset();
    if (head.budget_ms != no_budget) {
        record.budget.emplace(head.budget_ms);
    }
    record.status = head.status;
    record.ignored = head.ignored;
    text(record.request_id, head.request_id);
    text(record.peer, head.peer);
    text(record.method, head.method);
    text(record.target, head.target);
    taken_.fetch_add(1);
    return true;
}

} // namespace muster::server
