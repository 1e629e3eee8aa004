// bench/fanout: bench_crowd, many connections to one contestant, one request on each.
//
//     bench_crowd port=P route=/user/ people=N connections=C over=S settle=S status=200|504 process=PID
//
// Opens all connections, asks on one after the other at moments spread evenly over `over` seconds, waits until all are
// answered with that status (200: with the right bytes), and `settle` seconds more. Prints one line of JSON: how long
// the answers took, measured from before the request was written, so that one that comes early cannot look right, and
// the contestant's memory before, with all connected, 2.5 s after all had asked, and at the end with all connections
// still open.
#include "bench/fanout/arguments.hpp"
#include "bench/fanout/cost.hpp"
#include "bench/fanout/expectation.hpp"
#include "bench/fanout/latencies.hpp"
#include "bench/fanout/messages.hpp"
#include "bench/fanout/sockets.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace muster::bench {

namespace {

constexpr double second = 1e9;
constexpr std::int64_t moment_of_rest = 500'000'000;
constexpr std::int64_t until_all_are_busy = 2'500'000'000; // a slow contestant needs a while to begin all of them
constexpr std::int64_t patience = 60'000'000'000;

struct member {
    unique_fd socket;
    inbox in;
    std::size_t number = 0; // what was asked
    std::int64_t asked = 0;
};

class crowd {
  public:
    explicit crowd(const arguments& given)
        : expected_(given.text("route"), given.number("people")),
          process_(static_cast<int>(given.number("process"))),
          port_(static_cast<std::uint16_t>(given.number("port"))),
          status_(static_cast<int>(given.number("status"))),
          over_(static_cast<std::int64_t>(given.real("over") * second)),
          settle_(static_cast<std::int64_t>(given.real("settle") * second)),
          members_(static_cast<std::size_t>(given.number("connections"))) {}

    void run() {
        const auto before = process_.resident();
        for (std::size_t i = 0; i != members_.size(); ++i) {
            members_[i].socket = connect_to(port_);
            poller_.watch(members_[i].socket, i);
        }
        hear_until(now() + moment_of_rest);
        const auto connected = process_.resident();
        const auto start = now();
        for (std::size_t i = 0; i != members_.size(); ++i) {
            hear_until(start + over_ * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(members_.size()));
            ask(members_[i]);
        }
        hear_until(now() + until_all_are_busy);
        const auto all_asked = process_.resident();
        const auto answered_early = answered_;
        for (const auto end = now() + patience; answered_ != members_.size();) {
            if (now() > end) {
                throw not_understood(std::to_string(members_.size() - answered_) + " answers did not come within 60 s");
            }
            hear(moment_of_rest);
        }
        hear_until(now() + settle_);
        const auto at_the_end = process_.resident();
        std::printf(
            R"({"connections":%zu,"answered_when_all_had_asked":%zu,"latency_us":%s,"before":%s,"connected":%s,)"
            R"("all_asked":%s,"end":%s})"
            "\n",
            members_.size(), answered_early, latencies_.json().c_str(), json(before).c_str(), json(connected).c_str(),
            json(all_asked).c_str(), json(at_the_end).c_str());
    }

  private:
    static std::string json(account::memory memory) {
        return R"({"share":)" + std::to_string(memory.share) + R"(,"anonymous":)" + std::to_string(memory.anonymous) +
               "}";
    }

    void ask(member& who) {
        who.number = expected_.next();
        who.asked = now();
        if (!send_whole(who.socket, expected_.request(who.number))) {
            throw not_understood("the contestant has closed a connection");
        }
    }

    void hear_until(std::int64_t end) {
        for (auto moment = now(); moment < end; moment = now()) {
            hear(end - moment);
        }
    }

    void hear(std::int64_t at_most) {
        for (const auto& event : poller_.wait(at_most)) {
            auto& from = members_[event.data.u64];
            if (from.in.read_from(from.socket) == inbox::outcome::ended) {
                throw not_understood("the contestant has closed a connection");
            }
            const auto got = first_answer(from.in.unread());
            if (!got) {
                continue;
            }
            latencies_.add(now() - from.asked);
            if (status_ == 200) {
                expected_.check(from.number, *got);
            } else if (got->status != status_) {
                throw wrong_answer(std::to_string(got->status) + " instead of " + std::to_string(status_));
            }
            from.in.drop(got->size);
            ++answered_;
        }
    }

    expectation expected_;
    account process_;
    std::uint16_t port_;
    int status_;
    std::int64_t over_;
    std::int64_t settle_;
    std::vector<member> members_;
    poller poller_;
    latencies latencies_;
    std::size_t answered_ = 0;
};

} // namespace

} // namespace muster::bench

int main(int argc, char** argv) {
    using namespace muster::bench;
    try {
        ::prctl(PR_SET_TIMERSLACK, 1UL);
        allow_many_sockets();
        crowd(arguments(argc, argv)).run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_crowd: %s\n", error.what());
        return 1;
    }
}
