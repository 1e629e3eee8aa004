// upstream/: how a source fails. dispatch maps each to a status in one place (server/problem); everything else that
// derives from std::exception is a 500.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace muster::upstream {

struct explanation;

/// How a source failed, in one word.
enum class failure : std::uint8_t {
    failed,          ///< none of the others: what a database refuses, a lost table
    unresolved,      ///< its name has no address
    unreachable,     ///< refused, or no way to it
    connect_timeout, ///< no connection came about within the time for that
    reset,           ///< it broke off
    closed,          ///< it ended the connection before the answer was whole
    malformed,       ///< what it answered is not HTTP/1.1
    too_large,       ///< the answer exceeds the limits for head or body
    bad_status,      ///< a status that no source of ours answers
    bad_body,        ///< not what was asked for: no JSON, wrong types, another's id
};

inline constexpr std::size_t failures = 10;

/// The word of logs and explanations: that of the enumerator.
[[nodiscard]] constexpr const char* to_string(failure kind) noexcept {
    switch (kind) {
    case failure::failed:
        return "failed";
    case failure::unresolved:
        return "unresolved";
    case failure::unreachable:
        return "unreachable";
    case failure::connect_timeout:
        return "connect_timeout";
    case failure::reset:
        return "reset";
    case failure::closed:
        return "closed";
    case failure::malformed:
        return "malformed";
    case failure::too_large:
        return "too_large";
    case failure::bad_status:
        return "bad_status";
    case failure::bad_body:
        return "bad_body";
    }
    return "failed";
}

/// What is known of a source's failure besides its kind.
struct source_detail {
    unsigned attempts = 0;                            ///< begun; 0: the source counts none
    std::shared_ptr<const explanation> upstream = {}; ///< the far side's own explanation (upstream/explanation.hpp)
};

/// The base of all: `source` is the name from the configuration ("posts"), never a URL; `what()` is for the log.
class source_error : public std::runtime_error {
  public:
    source_error(std::string source, const std::string& detail, source_detail more = {})
        : std::runtime_error(source + ": " + detail),
          source_(std::move(source)),
          more_(std::move(more)) {}

    [[nodiscard]] const std::string& source() const noexcept { return source_; }

    [[nodiscard]] unsigned attempts() const noexcept { return more_.attempts; }

    /// May be null.
    [[nodiscard]] const std::shared_ptr<const explanation>& upstream() const noexcept { return more_.upstream; }

  private:
    std::string source_;
    source_detail more_;
};

/// The source takes no more work now: a full queue, no worker left, or it said so itself. 503 with Retry-After.
class source_overloaded : public source_error {
  public:
    source_overloaded(std::string source, const std::string& detail, std::chrono::seconds retry_after,
                      source_detail more = {})
        : source_error(std::move(source), detail, std::move(more)),
          retry_after_(retry_after) {}

    [[nodiscard]] std::chrono::seconds retry_after() const noexcept { return retry_after_; }

  private:
    std::chrono::seconds retry_after_;
};

/// The source refused, broke off or answered what it must not (a corrupt row, a lost table). 502.
class source_failed : public source_error {
  public:
    source_failed(std::string source, const std::string& detail, failure kind = failure::failed,
                  source_detail more = {})
        : source_error(std::move(source), detail, std::move(more)),
          kind_(kind) {}

    [[nodiscard]] failure kind() const noexcept { return kind_; }

  private:
    failure kind_;
};

/// The source had too little time, and said so itself before ours was over. 504.
class source_timed_out : public source_error {
  public:
    using source_error::source_error;
};

/// A row that had to be there is not; thrown by found(). It cancels the siblings of the fan-out. 404.
class not_found : public std::runtime_error {
  public:
    explicit not_found(const std::string& what) : std::runtime_error(what) {}
};

} // namespace muster::upstream
