// bench/fanout: what a window of time cost the process that is measured.
#pragma once

#include <ctime>

#include <cstdint>
#include <string>

namespace muster::bench {

/// Another process's account. All times in nanoseconds.
class account {
  public:
    /// Throws std::system_error if there is no such process.
    explicit account(int process);

    /// User and system time of all its threads, ended ones too, up to this moment: the scheduler's own sum, which is
    /// not made of ticks.
    [[nodiscard]] std::int64_t used() const;

    /// Its proportional share of memory in bytes (shared pages divided among those who share them), and what of it is
    /// no file's.
    struct memory {
        std::int64_t share = 0;
        std::int64_t anonymous = 0;
    };

    [[nodiscard]] memory resident() const;

  private:
    std::string rollup_;
    clockid_t clock_{};
};

/// How long that core has had nothing to do since the machine was started (counted by ticks where it is not idle).
[[nodiscard]] std::int64_t idle_time(int core);

} // namespace muster::bench
