// concurrency/: the life of a job seen from the loop: submitted, then finished, withdrawn, or abandoned and later
// ended.
#include "concurrency/offload.hpp"

#include "concurrency/worker_queue.hpp"

#include <boost/asio/post.hpp>

namespace muster::concurrency::detail {

void offload_job::done(std::shared_ptr<worker_job> self) noexcept {
    boost::asio::post(home_.context(), [self = std::move(self), this] { finished(); });
}

void offload_job::finished() noexcept {
    if (waiter_ != nullptr) {
        std::exchange(waiter_, nullptr)->job_finished();
        return;
    }
    if (abandoned_) {
        home_.abandoned().remove(*abandoned_);
        queue_->abandoned_job_ended();
        home_.maybe_stop();
    }
}

void offload_wait::submit(std::shared_ptr<offload_job> job) {
    job_ = std::move(job);
    job_->waiter_ = this;
    job_->queue_->submit(job_);
    submitted_at_ = home().cached_now();
    begin({.what = "a worker", .resource = job_->queue_->name()});
}

void offload_wait::job_finished() noexcept {
    disarm();
    resume_now();
}

void offload_wait::on_cancel() noexcept {
    job_->stop_.store(true);
    if (job_->queue_->withdraw(*job_)) {
        job_->waiter_ = nullptr;
        left_ = true;
        resume_soon();
        return;
    }
    const time_point now = home().now();
    const time_point at = scope().abandon_at(now);
    if (at > now) {
        home().arm(*this, at);
    } else {
        abandon();
        resume_soon();
    }
}

void offload_wait::expire() noexcept {
    abandon();
    resume_now();
}

void offload_wait::abandon() noexcept {
    const task_node& task = awaiting_frame().owner();
    job_->waiter_ = nullptr;
    job_->queue_->job_abandoned();
    job_->abandoned_ = home().abandoned().add({.id = home().next_id(),
                                               .task = task.id(),
                                               .root = task.root_id(),
                                               .ref = std::string(task.ref()),
                                               .what = "a worker",
                                               .resource = job_->queue_->name(),
                                               .site = awaiting_frame().site(),
                                               .started_at = submitted_at_,
                                               .abandoned_at = home().now(),
                                               .cause = scope().cause()});
    left_ = true;
}

} // namespace muster::concurrency::detail
