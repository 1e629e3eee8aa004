// handlers/: the place of a request in a trace, as its caller says it (W3C Trace Context, level 1). muster takes no
// part in traces: it hands on what is valid, to whom it asks for this request.
#pragma once

#include "concurrency/task_node.hpp"

#include <string>
#include <string_view>

namespace muster::handlers {

/// `traceparent` of version 00: as section 3.2.2 has it, in lower-case hex, neither id all zero, and 55 characters
/// long; of a later version (not ff): beginning so, and what follows begins with a dash and is printable.
[[nodiscard]] bool is_traceparent(std::string_view value) noexcept;

/// `tracestate` (section 3.3.1): at most 512 bytes, at most 32 members, keys and values of the characters that they may
/// have; members may be empty, but not all.
[[nodiscard]] bool is_tracestate(std::string_view value) noexcept;

/// Fed with the fields of a request, one after another. Allocates only for a tracestate in several lines.
class trace_headers {
  public:
    trace_headers() = default;
    trace_headers(const trace_headers&) = delete;
    trace_headers& operator=(const trace_headers&) = delete;

    /// `value` must outlive this.
    void take(std::string_view name, std::string_view value) {
        if ((name.size() == 10 || name.size() == 11) && (name[0] | 0x20) == 't')
            take_one(name, value);
    }

    /// After the last field: null without a traceparent, with several, or with one that is not valid. A tracestate that
    /// is not valid is left out. Lives as long as this.
    [[nodiscard]] const concurrency::trace_context* context() noexcept;

  private:
    void take_one(std::string_view name, std::string_view value);

    concurrency::trace_context context_;
    std::string joined_; // the lines of a tracestate, if there are several
    int parents_ = 0;
};

} // namespace muster::handlers
