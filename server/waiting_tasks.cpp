// server/: see waiting_tasks.hpp.
#include "server/waiting_tasks.hpp"

#include "concurrency/frame.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/source_names.hpp"
#include "concurrency/task_node.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <string_view>
#include <utility>

namespace muster::server {

namespace {

using concurrency::activity;
using concurrency::task_node;

// What a task waits for in the words of the roll, and in the one word of an explanation.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> words{{
    {"a worker", "worker"},
    {"a permit", "slot"},
    {"a slot", "slot"},
    {"a name", "name"},
    {"connect", "connect"},
    {"read", "read"},
    {"write", "write"},
    {"i/o", "io"},
    {"a timer", "timer"},
    {"a place in its group", "group"},
    {"children", "children"},
}};

std::string_view word_of(std::string_view what) noexcept {
    const auto* const found = std::ranges::find(words, what, &std::pair<std::string_view, std::string_view>::first);
    return found == words.end() ? "other" : found->second;
}

const concurrency::frame* first_of(const task_node& task) noexcept {
    const auto* frame = task.leaf();
    while (frame != nullptr && frame->caller() != nullptr) {
        frame = frame->caller();
    }
    return frame;
}

// The call of a source that a task works for: its own, or that of whoever started it.
const activity* activity_of(const task_node& task) noexcept {
    for (const task_node* at = &task; at != nullptr; at = at->parent()) {
        if (at->activity() != nullptr) {
            return at->activity();
        }
    }
    return nullptr;
}

std::string name_of(const task_node& task, const activity* call) {
    if (call != nullptr) {
        return std::string(call->resource);
    }
    if (const auto source = task.waits_for().resource; !source.empty()) {
        return std::string(source);
    }
    if (const auto* first = first_of(task); first != nullptr && task.label().name.empty()) {
        return concurrency::tidy_function(first->function().function_name());
    }
    return std::string(task.label().name);
}

waiting_task describe(const task_node& task, const activity* call, concurrency::time_point now) {
    waiting_task described;
    described.name = name_of(task, call);
    described.waits_for = task.waits_for().what;
    if (const auto* leaf = task.leaf()) {
        const auto& site = leaf->site().line() != 0 ? leaf->site() : leaf->function();
        described.at = std::string(concurrency::tidy_file(site.file_name())) + ":" + std::to_string(site.line());
    }
    auto& told = described.told;
    if (handlers::is_plain_name(described.name)) {
        told.source = described.name;
    }
    told.state = described.waits_for.empty() ? "running" : "waiting";
    if (!described.waits_for.empty()) {
        told.wait = word_of(described.waits_for);
    }
    told.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - task.started_at());
    told.attempts = call != nullptr ? call->attempts : 0;
    return described;
}

} // namespace

void waiting_tasks::on_cancelled(const concurrency::cancel_scope& scope) noexcept {
    look_at(scope, scope.cause());
}

void waiting_tasks::on_sibling_failed(const concurrency::cancel_scope& scope) noexcept {
    look_at(scope, concurrency::cancel_cause::sibling_failed);
}

void waiting_tasks::look_at(const concurrency::cancel_scope& scope, concurrency::cancel_cause cause) noexcept {
    cause_ = cause;
    seen_.clear();
    std::array<const activity*, handlers::most_children> calls{}; // of those that were seen
    const auto now = scope.home().now();
    scope.for_each_task([&](const task_node& task) {
        if (seen_.size() == calls.size() || task.waits_for().what == "children") {
            return;
        }
        const auto* const call = activity_of(task);
        if (call != nullptr && std::ranges::find(calls, call) != calls.end()) {
            return;
        }
        try {
            seen_.push_back(describe(task, call, now));
            calls[seen_.size() - 1] = call;
        } catch (const std::exception&) {
            return; // no memory: the answer is poorer, not missing
        }
    });
}

} // namespace muster::server
