// concurrency/: the two clocks of loop_clock.hpp.
#include "concurrency/loop_clock.hpp"

#include "concurrency/loop.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

namespace muster::concurrency {

namespace {

using timer = boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, executor>;

class real_clock final : public loop_clock {
  public:
    explicit real_clock(loop& owner) : owner_(owner), timer_(owner.get_executor()) {}

    [[nodiscard]] time_point now() const noexcept override { return clock::now(); }

    void wake_at(time_point t) override {
        if (armed_ && t >= armed_for_) {
            return;
        }
        armed_ = true;
        armed_for_ = t;
        timer_.expires_at(t); // cancels the later wait, whose handler then finds an error and returns
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (error) {
                return;
            }
            armed_ = false;
            owner_.advance_to(clock::now());
        });
    }

    void set(time_point /*t*/) noexcept override {}

  private:
    loop& owner_;
    timer timer_;
    time_point armed_for_{};
    bool armed_ = false;
};

class virtual_clock final : public loop_clock {
  public:
    [[nodiscard]] time_point now() const noexcept override { return now_; }

    void wake_at(time_point /*t*/) override {}

    void set(time_point t) noexcept override { now_ = t; }

  private:
    time_point now_{std::chrono::hours(1)}; // not zero, so that an unset time_point is never taken for now
};

} // namespace

std::unique_ptr<loop_clock> make_loop_clock(loop& owner, bool virtual_time) {
    if (virtual_time) {
        return std::make_unique<virtual_clock>();
    }
    return std::make_unique<real_clock>(owner);
}

} // namespace muster::concurrency
