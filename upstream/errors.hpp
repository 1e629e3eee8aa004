// upstream/: how a source fails. dispatch maps each to a status in one place (server/problem); everything else that
// derives from std::exception is a 500.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace muster::upstream {

/// The base of all: `source` is the name from the configuration ("posts"), never a URL; `what()` is for the log.
class source_error : public std::runtime_error {
  public:
    source_error(std::string source, const std::string& detail)
        : std::runtime_error(source + ": " + detail),
          source_(std::move(source)) {}

    [[nodiscard]] const std::string& source() const noexcept { return source_; }

  private:
    std::string source_;
};

/// The source takes no more work now: a full queue, or no worker left. 503 with Retry-After.
class source_overloaded : public source_error {
  public:
    source_overloaded(std::string source, const std::string& detail, std::chrono::seconds retry_after)
        : source_error(std::move(source), detail),
          retry_after_(retry_after) {}

    [[nodiscard]] std::chrono::seconds retry_after() const noexcept { return retry_after_; }

  private:
    std::chrono::seconds retry_after_;
};

/// The source refused, broke off or answered what it must not (a corrupt row, a lost table). 502.
class source_failed : public source_error {
  public:
    using source_error::source_error;
};

/// A row that had to be there is not; thrown by found(). It cancels the siblings of the fan-out. 404.
class not_found : public std::runtime_error {
  public:
    explicit not_found(const std::string& what) : std::runtime_error(what) {}
};

} // namespace muster::upstream
