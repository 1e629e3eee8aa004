// server/: see roll_model.hpp.
#include "server/roll_model.hpp"

#include "concurrency/source_names.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace muster::server {

namespace {

using concurrency::loop_record;
using concurrency::task_kind;
using concurrency::task_record;

/// One loop's records, with the children of each.
class family {
  public:
    explicit family(const loop_record& loop) : loop_(loop), children_(loop.tasks.size()) {
        std::unordered_map<std::uint64_t, std::size_t> at;
        for (std::size_t i = 0; i != loop.tasks.size(); ++i) {
            at.emplace(loop.tasks[i].id, i);
        }
        for (std::size_t i = 0; i != loop.tasks.size(); ++i) {
            const auto& task = loop.tasks[i];
            const auto parent = at.find(task.parent);
            const auto root = at.find(task.root);
            if (task.kind != task_kind::child) {
                tops_.push_back(i);
                peers_.push_back(parent != at.end() ? loop.tasks[parent->second].ref : std::string());
            } else if (parent != at.end() && parent->second != i) {
                children_[parent->second].push_back(i);
            } else if (root != at.end() && root->second != i) {
                children_[root->second].push_back(i);
            } else {
                tops_.push_back(i);
                peers_.emplace_back();
            }
        }
    }

    [[nodiscard]] std::vector<roll_entry> trees() const {
        std::vector<roll_entry> made;
        for (std::size_t i = 0; i != tops_.size(); ++i) {
            made.push_back(tree(tops_[i]));
            made.back().peer = peers_[i];
        }
        return made;
    }

  private:
    [[nodiscard]] roll_entry tree(std::size_t i) const {
        roll_entry entry{.task = &loop_.tasks[i], .loop = &loop_, .peer = {}, .children = {}};
        for (const std::size_t child : children_[i]) {
            entry.children.push_back(tree(child));
        }
        return entry;
    }

    const loop_record& loop_;
    std::vector<std::vector<std::size_t>> children_;
    std::vector<std::size_t> tops_;
    std::vector<std::string> peers_;
};

void add(roll_totals& totals, const loop_record& loop) {
    const auto& counts = loop.counts;
    totals.live += loop.live();
    totals.requests += counts.of(task_kind::request).roots;
    totals.request_tasks += counts.of(task_kind::request).tasks;
    totals.connections += counts.of(task_kind::connection).roots;
    totals.listeners += counts.of(task_kind::listener).roots;
    for (const auto kind : {task_kind::background, task_kind::child}) {
        totals.background += counts.of(kind).tasks;
        totals.background_roots += counts.of(kind).roots;
    }
    totals.abandoned += loop.abandoned.size();
}

/// Drops what is more than `room`, the youngest first but parents before their children.
void trim(std::vector<roll_entry>& entries, std::size_t& room) {
    std::size_t kept = 0;
    for (auto& entry : entries) {
        if (room == 0) {
            break;
        }
        --room;
        ++kept;
        trim(entry.children, room);
    }
    entries.resize(kept);
}

void oldest_first(std::vector<roll_entry>& entries) {
    std::ranges::sort(entries, {},
                      [](const roll_entry& entry) { return std::pair(entry.task->started_at, entry.task->id); });
}

// What it waits for is a verb then: the peer has to send or to read. (A source that has to is named.)
bool is_for_the_other_side(const task_record& task) noexcept {
    return task.resource.empty() && (task.waits_for == "read" || task.waits_for == "write");
}

} // namespace

roll_model make_roll(const concurrency::snapshot& taken, std::size_t limit) {
    roll_model roll;
    roll.limit = limit;
    const concurrency::abandoned_lint lint;
    for (const auto& part : taken.parts) {
        if (!part.told) {
            roll.silent.push_back(part.loop);
            continue;
        }
        const auto& loop = *part.told;
        add(roll.totals, loop);
        for (auto& entry : family(loop).trees()) {
            switch (entry.task->kind) {
            case task_kind::request:
                roll.requests.push_back(std::move(entry));
                break;
            case task_kind::connection:
                roll.connections.push_back(std::move(entry));
                break;
            case task_kind::listener:
                roll.listeners.push_back(std::move(entry));
                break;
            default:
                roll.background.push_back(std::move(entry));
            }
        }
        for (const auto& operation : loop.abandoned) {
            roll.abandoned.push_back({.operation = &operation,
                                      .loop = &loop,
                                      .verdict = lint.judge(operation, loop.taken_at),
                                      .sentence = lint.sentence(operation, loop.taken_at)});
        }
    }
    std::size_t room = limit;
    for (auto* section : {&roll.requests, &roll.background, &roll.listeners, &roll.connections}) {
        oldest_first(*section);
        trim(*section, room);
    }
    const std::size_t shown = limit - room;
    roll.totals.left_out = roll.totals.live > shown ? roll.totals.live - shown : 0;
    return roll;
}

std::string name_of(const roll_entry& entry) {
    const auto& task = *entry.task;
    if (!task.name.empty() || task.frames == 0) {
        return task.name;
    }
    // The last of its frames is its first coroutine.
    return concurrency::tidy_function(entry.loop->frames[task.first_frame + task.frames - 1].function);
}

std::string_view state_word(const task_record& task) noexcept {
    if (task.cancelled) {
        return "cancelled";
    }
    if (task.waits_for.empty()) {
        return "about to run";
    }
    return is_for_the_other_side(task) ? std::string_view(task.waits_for) : "waiting";
}

std::string state_of(const task_record& task) {
    std::string state = task.waits_for.empty()        ? "about to run"
                        : is_for_the_other_side(task) ? "waits to " + std::string(task.waits_for)
                                                      : "waits for " + std::string(task.waits_for);
    if (!task.resource.empty()) {
        state += (task.waits_for.empty() ? " for " : " of ") + task.resource;
    }
    if (task.attempts > 1) {
        state += ", attempt " + std::to_string(task.attempts);
    }
    if (task.written != 0 || task.read != 0) {
        state += ", " + std::to_string(task.written) + " bytes out, " + std::to_string(task.read) + " in";
    }
    return state;
}

std::string place_of(const concurrency::frame_record& frame) {
    return std::string(concurrency::tidy_file(frame.file)) + ":" + std::to_string(frame.line);
}

} // namespace muster::server
