// server/: see remains.hpp.
#include "server/remains.hpp"

#include "concurrency/source_names.hpp"
#include "server/roll_model.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <string_view>

namespace muster::server {

namespace {

class writer {
  public:
    std::vector<std::string> write(const concurrency::snapshot& taken, remains which, std::size_t most) {
        const auto roll = make_roll(taken, static_cast<std::size_t>(-1)); // all that was taken
        const auto shown = std::min(roll.requests.size(), most);
        for (std::size_t i = 0; i != shown; ++i) {
            const auto& request = roll.requests[i];
            tree(request, fmt::format("request {}{}", request.task->ref,
                                      request.peer.empty() ? std::string() : " from " + request.peer));
        }
        if (roll.totals.requests > shown) {
            const auto more = roll.totals.requests - shown;
            line("{} more {}", more, more == 1 ? "request" : "requests");
        }
        if (which == remains::all) {
            for (const auto& entry : roll.background) {
                tree(entry, "background");
            }
            for (const auto& entry : roll.listeners) {
                tree(entry, "listener");
            }
        }
        for (const auto& entry : roll.abandoned) {
            line("request {}: {}", entry.operation->ref.empty() ? "-" : entry.operation->ref, entry.sentence);
        }
        for (const auto& entry : roll.connections) {
            const auto what = name_of(entry);
            if (what == "reading" || what == "writing") {
                tree(entry, "connection " + entry.task->ref);
            }
        }
        for (const auto& silent : roll.silent) {
            line("{} does not answer: it is stuck", silent);
        }
        return std::move(lines_);
    }

  private:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        lines_.push_back(fmt::format(format, std::forward<Args>(args)...));
    }

    // "request r-1: GET /user/{id} > sqlite_posts::latest: waits for a worker of posts, in sqlite_posts::latest at ..."
    void tree(const roll_entry& entry, const std::string& whose, const std::string& above = {}) {
        const auto& task = *entry.task;
        const auto path = above + name_of(entry);
        auto where = std::string();
        if (task.frames != 0) {
            const auto& leaf = entry.loop->frames[task.first_frame];
            where = fmt::format(", in {} at {}", concurrency::tidy_function(leaf.function), place_of(leaf));
        }
        line("{}: {}: {}{}", whose, path, state_of(task), where);
        for (const auto& child : entry.children) {
            tree(child, whose, path + " > ");
        }
    }

    std::vector<std::string> lines_;
};

} // namespace

std::vector<std::string> lines_of_remains(const concurrency::snapshot& taken, remains which, std::size_t most) {
    return writer().write(taken, which, most);
}

} // namespace muster::server
