// tests/bench: percentiles of latencies, by hand.
#include "bench/fanout/latencies.hpp"

#include <catch2/catch_test_macros.hpp>

namespace muster::bench {

TEST_CASE("latencies: a percentile is the smallest that so many do not exceed") {
    latencies all;
    for (int i = 100; i != 0; --i) {
        all.add(i * 1'000);
    }
    CHECK(all.percentile(0) == 1);
    CHECK(all.percentile(0.5) == 50);
    CHECK(all.percentile(0.99) == 99);
    CHECK(all.percentile(0.991) == 100);
    CHECK(all.percentile(1) == 100);
    all.add(1'000'000); // of 101 now
    CHECK(all.percentile(0.99) == 100);
    CHECK(all.percentile(1) == 1'000);
}

TEST_CASE("latencies: one is all percentiles, and none is zero") {
    latencies all;
    CHECK(all.percentile(0.5) == 0);
    all.add(7'500);
    CHECK(all.percentile(0) == 7.5);
    CHECK(all.percentile(0.99) == 7.5);
    CHECK(all.size() == 1);
}

} // namespace muster::bench
