// concurrency/: see background.hpp. Each piece of work is a root task of its loop; what is listed here is who must be
// asked, and until when.
#include "concurrency/background.hpp"

#include "concurrency/check.hpp"
#include "concurrency/deadline.hpp"

#include <algorithm>
#include <utility>

namespace muster::concurrency {

namespace {

constexpr std::chrono::milliseconds after_cut{50};

} // namespace

bool service_call::wait::await_ready() const {
    awaiting_frame().scope().throw_if_cancelled();
    return owner_.ending_ || owner_.woken_;
}

void service_call::wait::await_suspend(std::coroutine_handle<> /*self*/) {
    MUSTER_INVARIANT(owner_.waiting_ == nullptr, "a service waits in one place at a time");
    begin({.what = "a call", .resource = {}});
    owner_.waiting_ = this;
    awaiting_frame().home().arm(*this, due_);
}

void service_call::wait::await_resume() {
    if (cut_) {
        awaiting_frame().scope().throw_cancelled();
    }
    owner_.woken_ = false;
}

void service_call::wait::on_cancel() noexcept {
    disarm();
    owner_.waiting_ = nullptr;
    cut_ = true;
    resume_soon();
}

void service_call::wait::expire() noexcept {
    owner_.waiting_ = nullptr;
    resume_now();
}

void service_call::wait::called() noexcept {
    disarm();
    owner_.waiting_ = nullptr;
    resume_soon();
}

void service_call::wake() noexcept {
    woken_ = true;
    if (waiting_ != nullptr) {
        waiting_->called();
    }
}

void service_call::end() noexcept {
    ending_ = true;
    wake();
}

background::draining::draining() : std::runtime_error("the process ends: nothing begins any more") {}

// In the list from the work's first step to its last.
class background::listed {
  public:
    listed(background& owner, entry& e, cancel_scope& scope) : owner_(owner) {
        e.scope = &scope;
        place_ = owner_.entries_.insert(owner_.entries_.end(), &e);
    }

    listed(const listed&) = delete;
    listed& operator=(const listed&) = delete;

    ~listed() {
        owner_.entries_.erase(place_);
        owner_.ended_.wake();
    }

  private:
    background& owner_;
    std::list<entry*>::iterator place_;
};

background::background(loop& home, reporter report) : background(home, std::move(report), patience{}) {}

background::background(loop& home, reporter report, patience p)
    : home_(home),
      report_(std::move(report)),
      patience_(p) {}

void background::start(std::string name, task<void> work, duration budget) {
    auto body = run_once(name, std::move(work), budget);
    home_.spawn(std::move(name), std::move(body));
}

void background::serve(std::string name, std::function<task<void>(service_call&)> make, duration budget) {
    auto body = supervise(name, std::move(make), budget);
    home_.spawn(std::move(name), std::move(body));
}

task<void> background::run_once(std::string name, task<void> work, duration budget) {
    if (draining_) {
        report_({.name = name, .error = std::make_exception_ptr(draining()), .again = std::nullopt});
        co_return;
    }
    entry self{.name = name, .budget = budget, .due = deadline_after(home_.now(), budget)};
    const auto& scope = co_await current_scope();
    const listed here(*this, self, co_await current_scope());
    std::exception_ptr error;
    try {
        co_await with_timeout(budget, std::move(work));
    } catch (...) {
        error = std::current_exception();
    }
    scope.throw_if_cancelled();
    if (error) {
        report_({.name = name, .error = error, .again = std::nullopt});
    }
}

task<void> background::supervise(std::string name, std::function<task<void>(service_call&)> make, duration budget) {
    if (draining_) {
        co_return;
    }
    entry self{.name = name, .budget = budget};
    const auto& scope = co_await current_scope();
    const listed here(*this, self, co_await current_scope());
    auto pause = patience_.first;
    for (;;) {
        const auto began = home_.now();
        std::exception_ptr error;
        try {
            co_await make(self.call);
        } catch (...) {
            error = std::current_exception();
        }
        scope.throw_if_cancelled();
        if (self.call.ending() && !error) {
            co_return;
        }
        if (home_.now() - began >= patience_.good) {
            pause = patience_.first;
        }
        const bool last = self.call.ending();
        report_({.name = name, .error = error, .again = last ? std::nullopt : std::optional(pause)});
        const auto again = deadline_after(home_.now(), pause);
        while (!self.call.ending() && home_.now() < again) { // whoever wakes it does not shorten the pause
            co_await self.call.wait_for(again - home_.now());
        }
        if (self.call.ending()) {
            co_return;
        }
        pause = std::min(2 * pause, patience_.longest);
    }
}

task<background::drained> background::drain(duration most) {
    MUSTER_INVARIANT(home_.here() && !draining_, "a background is drained once, on its loop");
    draining_ = true;
    drained result;
    const auto began = home_.now();
    for (auto* each : entries_) {
        each->due = std::min({each->due, deadline_after(began, each->budget), deadline_after(began, most)});
        each->call.end();
    }
    auto give_up = no_deadline;
    while (!entries_.empty() && home_.now() < give_up) {
        const auto now = home_.now();
        auto next = no_deadline;
        bool all_cut = true;
        for (auto* each : entries_) {
            if (!each->cut && each->due <= now) {
                each->cut = true;
                result.cut.emplace_back(each->name);
                each->scope->cancel(cancel_cause::shutdown);
            }
            if (!each->cut) {
                all_cut = false;
                next = std::min(next, each->due);
            }
        }
        if (all_cut && give_up == no_deadline) {
            give_up = now + after_cut;
        }
        co_await ended_.wait_for(std::min(next, give_up) - now);
    }
    for (const auto* each : entries_) {
        result.left.emplace_back(each->name);
    }
    co_return result;
}

} // namespace muster::concurrency
