// tests/support/test_server: how a source misbehaves, as a value of a flag.
#pragma once

#include "concurrency/task.hpp"
#include "concurrency/worker_pool.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace muster::tests {

/// What happens before a source answers.
class behaviour {
  public:
    enum class kind {
        delay,      ///< "delay:300ms": waits on a timer
        fail_after, ///< "fail-after:10ms": then fails as a source fails
        hang,       ///< "hang": occupies a worker until it is cancelled
        sleep,      ///< "sleep:10s": occupies a worker for that long, whatever happens
    };

    /// The error is a phrase that says what to write instead.
    [[nodiscard]] static std::expected<behaviour, std::string> parse(std::string_view text);

    /// Gives `hang` and `sleep` their workers.
    void employ(const std::string& source, std::size_t workers, std::size_t queue);

    /// Throws upstream's errors.
    [[nodiscard]] concurrency::task<void> before(std::string source) const;

  private:
    kind kind_ = kind::delay;
    std::chrono::milliseconds length_{};
    std::unique_ptr<concurrency::worker_pool> workers_;
};

} // namespace muster::tests
