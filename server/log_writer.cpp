// server/: see log_writer.hpp.
#include "server/log_writer.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/offload.hpp"
#include "server/back_within.hpp"

#include <optional>
#include <utility>

namespace muster::server {

namespace {

using concurrency::sleep_for;
using namespace std::chrono_literals;

constexpr auto gathering = 20ms;                        // so that a busy server writes many lines at once
constexpr auto until_next_try = 100ms;                  // of a sink that takes nothing
constexpr auto slice = 50ms;                            // of writing, before it looks whether it shall end
constexpr auto last_tries = log_writer::budget - 100ms; // so that it ends by itself, unless the worker hangs

} // namespace

// Whatever ends run(): nobody is woken any more, and who asked for the end is told how it was.
class log_writer::presence {
  public:
    presence(log_writer& self, concurrency::service_call& call) : self_(self), call_(call) { self_.call_ = &call; }

    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;

    ~presence() {
        self_.bell_->get_up();
        self_.call_ = nullptr;
        if (call_.ending() && self_.on_end_) {
            self_.on_end_(self_.pool_.abandoned() != 0);
        }
    }

  private:
    log_writer& self_;
    concurrency::service_call& call_;
};

log_writer::log_writer(concurrency::loop& home, std::string name, std::shared_ptr<line_source> source,
                       std::shared_ptr<log_output> output)
    : home_(home),
      name_(std::move(name)),
      source_(std::move(source)),
      output_(std::move(output)),
      bell_(std::make_shared<doorbell>([this] {
          home_.post([this] {
              if (call_ != nullptr) {
                  call_->wake();
              }
          });
      })),
      pool_(name_, 1, 1) {}

concurrency::task<void> log_writer::run(concurrency::service_call& call) {
    const presence here(*this, call);
    std::optional<concurrency::time_point> give_up;
    for (;;) {
        const bool taken = co_await concurrency::offload(
            pool_, [source = source_, output = output_] { return output->write(*source, slice); });
        tell_of_reopening();
        const bool all = taken && status().waiting == 0;
        if (!call.ending()) { // then last words tell
            tell_of_sink();
        }
        if (call.ending()) {
            const auto now = home_.now();
            give_up = give_up.value_or(now + last_tries);
            if (all || now >= *give_up) {
                co_return;
            }
            if (!taken) {
                co_await sleep_for(10ms);
            }
        } else if (!taken) {
            co_await call.wait_for(until_next_try);
        } else if (all) {
            co_await call.wait_for(gathering);
            bell_->lie_down();
            if (source_->waiting() == 0 && status().untold == 0 && !output_->reopens()) {
                co_await call.wait_for(1h);
            }
            bell_->get_up();
        }
    }
}

void log_writer::tell_of_reopening() {
    const auto now = status();
    if (std::exchange(not_reopened_, now.not_reopened) != now.not_reopened && on_reopen_) {
        on_reopen_(now);
    }
}

// Not of a sink that only pauses; nor, while it takes a little now and then, again and again.
void log_writer::tell_of_sink() {
    const auto now = status();
    if (!now.stuck) {
        stuck_since_.reset();
        if (now.waiting == 0 && std::exchange(told_stuck_, false) && on_stuck_) {
            on_stuck_(now);
        }
        return;
    }
    stuck_since_ = stuck_since_.value_or(home_.now());
    if (home_.now() - *stuck_since_ >= long_silence && !std::exchange(told_stuck_, true) && on_stuck_) {
        on_stuck_(now);
    }
}

void log_writer::write_at_once(std::chrono::milliseconds longest) {
    (void)back_within(longest, [source = source_, output = output_, longest] { output->write(*source, longest); });
}

log_status log_writer::status() const {
    auto result = output_->status(*source_);
    result.log = name_;
    return result;
}

} // namespace muster::server
