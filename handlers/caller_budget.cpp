// handlers/: see caller_budget.hpp.
#include "handlers/caller_budget.hpp"

#include "syntax/ascii.hpp"

#include <algorithm>

namespace muster::handlers {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t grpc = 2;
constexpr std::size_t envoy = 3;
constexpr std::size_t seconds = 5;
static_assert(deadline_headers[grpc] == "grpc-timeout");
static_assert(deadline_headers[envoy] == "X-Envoy-Expected-Rq-Timeout-Ms");
static_assert(deadline_headers[seconds] == "Request-Timeout");

constexpr std::size_t most_digits_of_grpc = 8;

// Nothing for another unit.
constexpr std::optional<nanoseconds> unit_of(char letter) noexcept {
    switch (letter) {
    case 'H':
        return std::chrono::hours(1);
    case 'M':
        return std::chrono::minutes(1);
    case 'S':
        return std::chrono::seconds(1);
    case 'm':
        return std::chrono::milliseconds(1);
    case 'u':
        return std::chrono::microseconds(1);
    case 'n':
        return nanoseconds(1);
    default:
        return std::nullopt;
    }
}

// Nothing if `digits` are not digits, or none.
std::optional<nanoseconds> product(std::string_view digits, nanoseconds unit) noexcept {
    if (digits.empty())
        return std::nullopt;
    const auto most = nanoseconds::max() / unit;
    nanoseconds::rep n = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9')
            return std::nullopt;
        const nanoseconds::rep digit = c - '0';
        n = n > (most - digit) / 10 ? most : n * 10 + digit; // the most stays the most
    }
    return n == most ? nanoseconds::max() : unit * n;
}

std::optional<nanoseconds> read(std::size_t which, std::string_view value) noexcept {
    if (which != grpc)
        return product(value, which == seconds ? nanoseconds(std::chrono::seconds(1)) : std::chrono::milliseconds(1));
    if (value.empty() || value.size() > most_digits_of_grpc + 1)
        return std::nullopt;
    const auto unit = unit_of(value.back());
    value.remove_suffix(1);
    return unit ? product(value, *unit) : std::nullopt;
}

} // namespace

void caller_budget::take(std::size_t which, std::string_view name, std::string_view value) noexcept {
    if (!syntax::equal_ignoring_case(name, deadline_headers[which]))
        return;
    const auto time = read(which, value);
    if (!time) {
        ignored_ |= static_cast<deadline_header_set>(1U << which);
    } else if (which != envoy || *time != nanoseconds::zero()) {
        limit_ = limit_ ? std::min(*limit_, *time) : *time;
    }
}

} // namespace muster::handlers
