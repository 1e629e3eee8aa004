// server/: see back_within.hpp.
#include "server/back_within.hpp"

#include <csignal>
#include <future>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

namespace muster::server {

bool back_within(std::chrono::milliseconds longest, std::function<void()> job) {
    const auto done = std::make_shared<std::promise<void>>();
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before); // the new thread hears no signals: they are others' business
    bool begun = true;
    try {
        std::thread([done, job = std::move(job)] {
            job();
            done->set_value();
        }).detach();
    } catch (const std::system_error&) {
        begun = false;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return begun && done->get_future().wait_for(longest) == std::future_status::ready;
}

} // namespace muster::server
