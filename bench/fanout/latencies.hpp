// bench/fanout: how long answers took, kept one by one: percentiles are exact, not of buckets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace muster::bench {

class latencies {
  public:
    void add(std::int64_t nanoseconds) { all_.push_back(nanoseconds); }

    [[nodiscard]] std::size_t size() const noexcept { return all_.size(); }

    /// The smallest that `share` (0 .. 1) of all do not exceed, in microseconds; 0 of none. Sorts.
    [[nodiscard]] double percentile(double share) {
        if (all_.empty()) {
            return 0;
        }
        std::ranges::sort(all_);
        const auto count = static_cast<double>(all_.size());
        auto rank = static_cast<std::size_t>(share * count);
        rank += static_cast<double>(rank) < share * count ? 1 : 0;
        return static_cast<double>(all_[std::max<std::size_t>(rank, 1) - 1]) / 1e3;
    }

    /// {"count":..,"min":..,"p50":..,"p99":..,"max":..}, in microseconds.
    [[nodiscard]] std::string json() {
        return R"({"count":)" + std::to_string(size()) + R"(,"min":)" + std::to_string(percentile(0)) + R"(,"p50":)" +
               std::to_string(percentile(0.5)) + R"(,"p99":)" + std::to_string(percentile(0.99)) + R"(,"max":)" +
               std::to_string(percentile(1)) + "}";
    }

  private:
    std::vector<std::int64_t> all_;
};

} // namespace muster::bench
