// concurrency/: the life of a job seen from the loop: submitted, then finished, withdrawn, or abandoned and later
// ended.
#include "concurrency/offload.hpp"

#include <boost/asio/post.hpp>

namespace muster::concurrency::detail {

void offload_job::ran(std::shared_ptr<worker_job> self) noexcept {
    boost::asio::post(home_.context(), [self = std::move(self), this] { finished(); });
}

void offload_job::finished() noexcept {
    if (waiter_ != nullptr) {
        std::exchange(waiter_, nullptr)->job_finished();
        return;
    }
    if (abandoned_) {
        home_.abandoned().remove(*abandoned_);
        pool_.abandoned_job_ended();
        home_.maybe_stop();
    }
}

void offload_wait::submit(std::shared_ptr<offload_job> job) {
    job_ = std::move(job);
    job_->waiter_ = this;
    job_->pool_.submit(job_);
    submitted_at_ = home().cached_now();
    begin({.what = "a worker", .resource = job_->pool_.name()});
}

void offload_wait::job_finished() noexcept {
    disarm();
    resume_now();
}

void offload_wait::on_cancel() noexcept {
    job_->stop_.store(true);
    if (job_->pool_.withdraw(*job_)) {
        job_->waiter_ = nullptr;
        left_ = true;
        resume_soon();
        return;
    }
    if (job_->interrupt_) {
        job_->interrupt_();
    }
    home().arm(*this, scope().abandon_at(home().now()));
}

void offload_wait::expire() noexcept {
    const task_node& task = awaiting_frame().owner();
    job_->waiter_ = nullptr;
    job_->pool_.job_abandoned();
    job_->abandoned_ = home().abandoned().add({.id = home().next_id(),
                                               .task = task.id(),
                                               .root = task.root_id(),
                                               .ref = std::string(task.ref()),
                                               .what = "a worker",
                                               .resource = job_->pool_.name(),
                                               .site = awaiting_frame().site(),
                                               .started_at = submitted_at_,
                                               .abandoned_at = home().now(),
                                               .cause = scope().cause()});
    left_ = true;
    resume_now();
}

} // namespace muster::concurrency::detail
