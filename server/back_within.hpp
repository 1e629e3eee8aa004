// server/: a call that may never return (a write to a disk that hangs), where somebody has to go on all the same.
#pragma once

#include <chrono>
#include <functional>

namespace muster::server {

/// Runs `job` on a thread of its own and waits for it, at most for `longest`. False: it is not back, and its thread is
/// left behind, or there is none to be had. The job owns what it touches, and throws nothing.
[[nodiscard]] bool back_within(std::chrono::milliseconds longest, std::function<void()> job);

} // namespace muster::server
