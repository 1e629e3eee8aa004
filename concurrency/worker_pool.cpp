// concurrency/: see worker_pool.hpp.
#include "concurrency/worker_pool.hpp"

#include <algorithm>

namespace muster::concurrency {

worker_pool::worker_pool(std::string name, std::size_t workers, std::size_t queue_limit)
    : name_(std::move(name)),
      queue_limit_(queue_limit) {
    const std::size_t n = std::max<std::size_t>(workers, 1);
    threads_.reserve(n);
    for (std::size_t i = 0; i != n; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

worker_pool::~worker_pool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (auto& t : threads_) {
        t.join();
    }
}

std::size_t worker_pool::queued() const {
    const std::lock_guard lock(mutex_);
    return queue_.size();
}

void worker_pool::submit(std::shared_ptr<detail::worker_job> job) {
    if (abandoned_.load() >= threads_.size()) {
        throw workers_abandoned(name_);
    }
    {
        const std::lock_guard lock(mutex_);
        // A job that an idle worker is about to take does not count against the queue.
        if (queue_.size() >= queue_limit_ + idle_) {
            throw worker_queue_full(name_);
        }
        queue_.push_back(std::move(job));
    }
    changed_.notify_one();
}

bool worker_pool::withdraw(const detail::worker_job& job) {
    const std::lock_guard lock(mutex_);
    const auto it = std::ranges::find_if(queue_, [&job](const auto& queued) { return queued.get() == &job; });
    if (it == queue_.end()) {
        return false;
    }
    queue_.erase(it);
    return true;
}

void worker_pool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        ++idle_;
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        --idle_;
        if (stopping_) {
            return;
        }
        auto job = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        job->run();
        detail::worker_job& j = *job;
        j.ran(std::move(job));
        lock.lock();
    }
}

} // namespace muster::concurrency
