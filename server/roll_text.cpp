// server/: see roll_text.hpp.
#include "server/roll_text.hpp"

#include "concurrency/source_names.hpp"
#include "handlers/debug_tasks.hpp"
#include "server/roll_model.hpp"

#include <spdlog/fmt/fmt.h>

#include <chrono>
#include <iterator>
#include <string_view>

namespace muster::server {

namespace {

using concurrency::duration;

std::string seconds(duration d) {
    return fmt::format("{:.3f} s", std::chrono::duration<double>(d).count());
}

std::string counted(std::size_t n, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", n, n == 1 ? one : many);
}

class writer {
  public:
    explicit writer(const roll_model& roll) : roll_(roll) {}

    std::string write(const concurrency::snapshot& taken, const std::vector<log_status>& logs) {
        totals(taken);
        for (const auto& log : logs) {
            line("{}", sentence_of(log));
        }
        verdicts();
        section("requests", roll_.requests, roll_.totals.requests);
        section("background", roll_.background, roll_.totals.background_roots);
        abandoned();
        section("listeners", roll_.listeners, roll_.totals.listeners);
        section("connections", roll_.connections, roll_.totals.connections);
        if (roll_.totals.left_out != 0) {
            line("\n{} left out: the limit is {} (?limit= up to {})",
                 counted(roll_.totals.left_out, "live task is", "live tasks are"), roll_.limit,
                 handlers::greatest_roll_limit);
        }
        return std::move(out_);
    }

  private:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
        out_ += '\n';
    }

    void totals(const concurrency::snapshot& taken) {
        const auto& t = roll_.totals;
        line("muster: {} in {}, {}, {}, {}, {}", counted(t.requests, "request", "requests"),
             counted(t.request_tasks, "task", "tasks"), counted(t.background, "background task", "background tasks"),
             counted(t.abandoned, "abandoned operation", "abandoned operations"),
             counted(t.listeners, "listener", "listeners"), counted(t.connections, "connection", "connections"));
        std::string loops;
        for (const auto& part : taken.parts) {
            if (part.told) {
                loops += fmt::format("{}{} ({})", loops.empty() ? "" : ", ", part.loop,
                                     counted(part.told->live(), "task", "tasks"));
            }
        }
        line("loops: {}", loops.empty() ? "none answered" : loops);
        for (const auto& silent : roll_.silent) {
            line("{} did not answer in time: it is stuck or overloaded, and its tasks are not counted", silent);
        }
    }

    void verdicts() {
        line("\nverdicts ({})", roll_.abandoned.size());
        for (const auto& entry : roll_.abandoned) {
            line("  {}: {}", concurrency::to_string(entry.verdict), entry.sentence);
        }
    }

    void section(std::string_view name, const std::vector<roll_entry>& entries, std::size_t live) {
        if (live > entries.size()) {
            line("\n{} ({} of {})", name, entries.size(), live);
        } else {
            line("\n{} ({})", name, entries.size());
        }
        for (const auto& entry : entries) {
            top(entry);
            frames(entry, "    ");
            children(entry, "    ");
        }
    }

    // "  GET /user/{id}  request 5f0c-1  from 127.0.0.1:4242  loop-0  age 1.204 s  left 3.796 s  waits for children"
    void top(const roll_entry& entry) {
        const auto& task = *entry.task;
        const bool request = task.kind == concurrency::task_kind::request;
        out_ += "  " + name_of(entry);
        if (!task.ref.empty()) {
            out_ += (request ? "  request " : "  ") + task.ref;
        }
        if (!entry.peer.empty()) {
            out_ += "  from " + entry.peer;
        }
        line("  {}{}", entry.loop->name, facts(entry));
    }

    std::string facts(const roll_entry& entry) {
        const auto& task = *entry.task;
        const auto now = entry.loop->taken_at;
        auto text = "  age " + seconds(std::max(now - task.started_at, duration::zero()));
        if (task.deadline != concurrency::no_deadline) {
            text += task.deadline >= now ? "  left " + seconds(task.deadline - now)
                                         : "  overdue " + seconds(now - task.deadline);
        }
        text += "  " + state_of(task);
        if (task.cancelled) {
            text += fmt::format("  cancelled {} ago: {}", seconds(now - task.cancelled_at),
                                concurrency::to_string(*task.cancelled));
        }
        return text + (task.shielded ? "  shielded" : "");
    }

    // The async stack, the innermost await first.
    void frames(const roll_entry& entry, const std::string& indent) {
        for (std::size_t i = 0; i != entry.task->frames; ++i) {
            const auto& frame = entry.loop->frames[entry.task->first_frame + i];
            line("{}{} {}  {}", indent, i == 0 ? "at" : "by", place_of(frame),
                 concurrency::tidy_function(frame.function));
        }
    }

    void children(const roll_entry& entry, const std::string& indent) {
        for (std::size_t i = 0; i != entry.children.size(); ++i) {
            const auto& child = entry.children[i];
            const bool last = i + 1 == entry.children.size();
            line("{}{} {}{}", indent, last ? "└" : "├", name_of(child), facts(child));
            const auto below = indent + (last ? "  " : "│ ");
            frames(child, below);
            children(child, below);
        }
    }

    void abandoned() {
        line("\nabandoned ({})", roll_.abandoned.size());
        for (const auto& [operation, loop, verdict, sentence] : roll_.abandoned) {
            line("  {} of {}  request {}  {}  age {}  abandoned {} ago: {}  {}", operation->what, operation->resource,
                 operation->ref.empty() ? "-" : operation->ref, loop->name,
                 seconds(loop->taken_at - operation->started_at), seconds(loop->taken_at - operation->abandoned_at),
                 concurrency::to_string(operation->cause), concurrency::to_string(verdict));
            line("    at {}:{}", concurrency::tidy_file(operation->site.file_name()), operation->site.line());
        }
    }

    const roll_model& roll_;
    std::string out_;
};

} // namespace

std::string roll_text(const concurrency::snapshot& taken, std::size_t limit, const std::vector<log_status>& logs) {
    const auto roll = make_roll(taken, limit);
    return writer(roll).write(taken, logs);
}

} // namespace muster::server
