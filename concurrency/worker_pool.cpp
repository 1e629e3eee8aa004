// concurrency/: see worker_pool.hpp.
#include "concurrency/worker_pool.hpp"

#include "concurrency/worker_queue.hpp"

#include <pthread.h>

#include <algorithm>

namespace muster::concurrency {

namespace detail {

std::size_t worker_queue::size() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size();
}

void worker_queue::submit(std::shared_ptr<worker_job> job) {
    if (abandoned_.load() >= workers_) {
        throw workers_abandoned(name_);
    }
    {
        const std::lock_guard lock(mutex_);
        if (closed_) {
            throw worker_pool_closed(name_);
        }
        // A job that a free worker will take does not wait, whether or not that worker has woken yet.
        if (jobs_.size() + busy_ >= workers_ + limit_) {
            throw worker_queue_full(name_);
        }
        jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
}

bool worker_queue::withdraw(const worker_job& job) {
    const std::lock_guard lock(mutex_);
    const auto it = std::ranges::find_if(jobs_, [&job](const auto& queued) { return queued.get() == &job; });
    if (it == jobs_.end()) {
        return false;
    }
    jobs_.erase(it);
    return true;
}

void worker_queue::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
        if (closed_) {
            return;
        }
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        ++busy_;
        lock.unlock();
        job->run();
        lock.lock();
        --busy_; // before anyone hears that the job is done: who asks again at once finds this worker free
        lock.unlock();
        worker_job& j = *job;
        j.done(std::move(job));
        lock.lock();
    }
}

void worker_queue::close() {
    std::deque<std::shared_ptr<worker_job>> refused;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        refused.swap(jobs_);
    }
    changed_.notify_all();
    for (auto& job : refused) {
        job->refuse(std::make_exception_ptr(worker_pool_closed(name_)));
        worker_job& j = *job;
        j.done(std::move(job));
    }
}

} // namespace detail

worker_pool::worker_pool(std::string name, std::size_t workers, std::size_t queue_limit) {
    const std::size_t n = std::max<std::size_t>(workers, 1);
    queue_ = std::make_shared<detail::worker_queue>(std::move(name), n, queue_limit);
    threads_.reserve(n);
    for (std::size_t i = 0; i != n; ++i) {
        threads_.emplace_back([queue = queue_] {
            constexpr std::size_t longest = 15; // what the kernel keeps; top and debuggers show it
            ::pthread_setname_np(::pthread_self(), queue->name().substr(0, longest).c_str());
            queue->work();
        });
    }
}

worker_pool::~worker_pool() {
    queue_->close();
    for (auto& t : threads_) {
        t.join();
    }
}

const std::string& worker_pool::name() const noexcept {
    return queue_->name();
}

std::size_t worker_pool::abandoned() const noexcept {
    return queue_->abandoned();
}

std::size_t worker_pool::queued() const {
    return queue_->size();
}

} // namespace muster::concurrency
