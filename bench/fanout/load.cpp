// bench/fanout: bench_load, the load on one contestant, and its account meanwhile.
//
//     bench_load port=P route=/bench/user/ people=N connections=C rate=R warm=S seconds=S process=PID core=K
//
// rate=0 is a closed loop: every connection asks again once it is answered. Else R requests a second are due at moments
// that are fixed beforehand; one that has to wait, for a connection or for this program, has waited since it was due,
// so that a contestant that stalls cannot hide it (no coordinated omission). Every answer is compared with the bytes
// that are right; a wrong one ends the run. Prints one line of JSON about the window after the warm-up.
#include "bench/fanout/arguments.hpp"
#include "bench/fanout/cost.hpp"
#include "bench/fanout/expectation.hpp"
#include "bench/fanout/latencies.hpp"
#include "bench/fanout/messages.hpp"
#include "bench/fanout/sockets.hpp"

#include <cstdio>
#include <exception>
#include <limits>
#include <vector>

namespace muster::bench {

namespace {

constexpr double second = 1e9;
constexpr std::int64_t patience = 60'000'000'000; // finds what hangs

struct lane {
    unique_fd socket;
    inbox in;
    std::size_t number = 0; // what was asked
    std::int64_t due = 0;
};

class load {
  public:
    explicit load(const arguments& given)
        : expected_(given.text("route"), given.number("people")),
          process_(static_cast<int>(given.number("process"))),
          core_(static_cast<int>(given.number("core"))),
          rate_(given.real("rate")),
          warm_(static_cast<std::int64_t>(given.real("warm") * second)),
          length_(static_cast<std::int64_t>(given.real("seconds") * second)) {
        const auto port = static_cast<std::uint16_t>(given.number("port"));
        lanes_.resize(static_cast<std::size_t>(given.number("connections")));
        for (std::size_t i = 0; i != lanes_.size(); ++i) {
            lanes_[i].socket = connect_to(port);
            poller_.watch(lanes_[i].socket, i);
            free_.push_back(i);
        }
    }

    void run() {
        start_ = now();
        from_ = start_ + warm_;
        run_until(from_);
        const auto idle_before = idle_time(core_);
        const auto used_before = process_.used();
        const auto began = now();
        answered_ = 0;
        run_until(began + length_);
        const auto answered = answered_;
        const auto used = process_.used() - used_before;
        const auto wall = now() - began;
        const auto idle = idle_time(core_) - idle_before;
        until_ = began + length_;
        if (rate_ > 0) {
            finish();
        }
        std::printf(R"({"answered":%lld,"cpu_ns":%lld,"wall_ns":%lld,"idle_ns":%lld,"offered":%.1f,"latency_us":%s})"
                    "\n",
                    static_cast<long long>(answered), static_cast<long long>(used), static_cast<long long>(wall),
                    static_cast<long long>(idle), rate_, latencies_.json().c_str());
    }

  private:
    // When the next request is due: in a closed loop always.
    [[nodiscard]] std::int64_t next_due() const {
        return rate_ == 0 ? 0 : start_ + static_cast<std::int64_t>(static_cast<double>(issued_) * second / rate_);
    }

    void ask_what_is_due(std::int64_t moment) {
        while (!free_.empty()) {
            const auto due = next_due();
            if (due > moment || due >= until_) {
                return;
            }
            ++issued_;
            auto& to = lanes_[free_.back()];
            free_.pop_back();
            to.number = expected_.next();
            to.due = rate_ == 0 ? moment : due;
            if (!send_whole(to.socket, expected_.request(to.number))) {
                throw not_understood("the contestant has closed a connection");
            }
        }
    }

    void run_until(std::int64_t end) {
        for (auto moment = now(); moment < end; moment = now()) {
            ask_what_is_due(moment);
            hear();
        }
    }

    // The answers that are still owed for what was due in the window.
    void finish() {
        const auto end = now() + patience;
        for (auto moment = now(); free_.size() != lanes_.size() || next_due() < until_; moment = now()) {
            if (moment > end) {
                throw not_understood("answers of the window are missing 60 s after it");
            }
            ask_what_is_due(moment);
            hear();
        }
    }

    void hear() {
        for (const auto& event : poller_.look()) {
            auto& from = lanes_[event.data.u64];
            if (from.in.read_from(from.socket) == inbox::outcome::ended) {
                throw not_understood("the contestant has closed a connection");
            }
            if (const auto got = first_answer(from.in.unread())) {
                expected_.check(from.number, *got);
                from.in.drop(got->size);
                ++answered_;
                if (from.due >= from_) {
                    latencies_.add(now() - from.due);
                }
                free_.push_back(event.data.u64);
            }
        }
    }

    expectation expected_;
    account process_;
    int core_;
    double rate_;
    std::int64_t warm_;
    std::int64_t length_;
    std::vector<lane> lanes_;
    std::vector<std::size_t> free_;
    poller poller_;
    latencies latencies_;
    std::int64_t start_ = 0;
    std::int64_t from_ = 0;                                         // latencies count from here
    std::int64_t until_ = std::numeric_limits<std::int64_t>::max(); // nothing is due from here on
    std::int64_t issued_ = 0;
    std::int64_t answered_ = 0;
};

} // namespace

} // namespace muster::bench

int main(int argc, char** argv) {
    using namespace muster::bench;
    try {
        load(arguments(argc, argv)).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_load: %s\n", error.what());
        return 1;
    }
}
