// server/: see waiting_tasks.hpp.
#include "server/waiting_tasks.hpp"

#include "concurrency/frame.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/source_names.hpp"
#include "concurrency/task_node.hpp"

#include <exception>
#include <string_view>

namespace muster::server {

namespace {

constexpr std::size_t most = 32; // a fan-out of thousands needs no list of thousands in its answer

const concurrency::frame* first_of(const concurrency::task_node& task) noexcept {
    const auto* frame = task.leaf();
    while (frame != nullptr && frame->caller() != nullptr) {
        frame = frame->caller();
    }
    return frame;
}

waiting_task describe(const concurrency::task_node& task, concurrency::time_point now) {
    waiting_task described;
    const auto& waits = task.waits_for();
    if (!waits.resource.empty()) {
        described.name = waits.resource;
    } else if (const auto* first = first_of(task); first != nullptr && task.label().name.empty()) {
        described.name = concurrency::tidy_function(first->function().function_name());
    } else {
        described.name = task.label().name;
    }
    described.state = waits.what.empty() ? "about to run" : "waiting for " + std::string(waits.what);
    described.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - task.started_at());
    if (const auto* leaf = task.leaf()) {
        const auto& site = leaf->site().line() != 0 ? leaf->site() : leaf->function();
        described.at = std::string(concurrency::tidy_file(site.file_name())) + ":" + std::to_string(site.line());
    }
    return described;
}

} // namespace

void waiting_tasks::on_cancelled(const concurrency::cancel_scope& scope) noexcept {
    const auto now = scope.home().now();
    scope.for_each_task([&](const concurrency::task_node& task) {
        if (seen_.size() == most || task.waits_for().what == "children") {
            return;
        }
        try {
            seen_.push_back(describe(task, now));
        } catch (const std::exception&) {
            return; // no memory: the answer is poorer, not missing
        }
    });
}

} // namespace muster::server
