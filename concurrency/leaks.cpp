// concurrency/: see leaks.hpp.
#include "concurrency/leaks.hpp"

#include "concurrency/source_names.hpp"

#include <cstdio>

namespace muster::concurrency {

const char* to_string(verdict v) noexcept {
    switch (v) {
    case verdict::ok:
        return "ok";
    case verdict::suspect:
        return "suspect";
    case verdict::leak:
        return "leak";
    }
    return "unknown";
}

verdict abandoned_lint::judge(const abandoned_operation& operation, time_point now) const noexcept {
    return now - operation.abandoned_at > threshold ? verdict::leak : verdict::suspect;
}

std::string abandoned_lint::sentence(const abandoned_operation& operation, time_point now) const {
    char ago[32];
    std::snprintf(ago, sizeof ago, "%.1f s", std::chrono::duration<double>(now - operation.abandoned_at).count());
    return std::string("abandoned ") + ago + " ago after " + to_string(operation.cause) + ": " + operation.what +
           " of " + operation.resource + " has not ended (awaited at " +
           std::string(tidy_file(operation.site.file_name())) + ":" + std::to_string(operation.site.line()) + ")";
}

} // namespace muster::concurrency
