// server/: see log_status.hpp.
#include "server/log_status.hpp"

#include <spdlog/fmt/fmt.h>

#include <chrono>

namespace muster::server {

std::string sentence_of(const log_status& status) {
    auto text =
        fmt::format("{} to {}: {} written, {} dropped", status.log, status.sink, status.written, status.dropped);
    if (status.stuck) {
        text += fmt::format(", {} waiting, stuck for {:.1f} s: {}", status.waiting,
                            std::chrono::duration<double>(*status.stuck).count(), status.why);
    }
    if (!status.not_reopened.empty()) {
        text += ", not opened again: " + status.not_reopened;
    }
    return text;
}

std::string last_words_of(const log_status& status) {
    const auto lost = status.untold + status.waiting;
    if (lost == 0) {
        return {};
    }
    return fmt::format("{} to {}: {} {} dropped{}{}", status.log, status.sink, lost,
                       lost == 1 ? "line is" : "lines are", status.why.empty() ? "" : ": ", status.why);
}

} // namespace muster::server
