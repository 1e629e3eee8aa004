// server/: see roll_json.hpp.
#include "server/roll_json.hpp"

#include "concurrency/source_names.hpp"
#include "server/roll_model.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <string_view>
#include <vector>

namespace muster::server {

namespace {

using json = nlohmann::ordered_json;

double ms(concurrency::duration d) {
    return std::chrono::duration<double, std::milli>(d).count();
}

json array_of(const std::vector<roll_entry>& entries);

json task_of(const roll_entry& entry) {
    const auto& task = *entry.task;
    const auto now = entry.loop->taken_at;
    json made{{"id", task.id}, {"kind", concurrency::to_string(task.kind)}, {"name", name_of(entry)}};
    if (task.kind == concurrency::task_kind::request) {
        const auto space = task.name.find(' ');
        made["request_id"] = task.ref;
        made["method"] = task.name.substr(0, space);
        made["route"] = space == std::string::npos ? "" : task.name.substr(space + 1);
        made["peer"] = entry.peer;
    } else if (!task.ref.empty()) {
        made["ref"] = task.ref;
    }
    made["loop"] = entry.loop->name;
    made["age_ms"] = ms(now - task.started_at);
    made["time_left_ms"] = task.deadline == concurrency::no_deadline ? json() : json(ms(task.deadline - now));
    made["state"] = task.cancelled ? "cancelled" : task.waits_for.empty() ? "about to run" : "waiting";
    made["waits_for"] = task.waits_for;
    made["resource"] = task.resource;
    made["shielded"] = task.shielded;
    made["cause"] = task.cancelled ? json(concurrency::to_string(*task.cancelled)) : json();
    made["cancelled_ms_ago"] = task.cancelled ? json(ms(now - task.cancelled_at)) : json();
    auto stack = json::array();
    for (std::size_t i = 0; i != task.frames; ++i) {
        const auto& frame = entry.loop->frames[task.first_frame + i];
        stack.push_back({{"function", concurrency::tidy_function(frame.function)}, {"at", place_of(frame)}});
    }
    made["function"] = stack.empty() ? json("") : stack.front()["function"];
    made["at"] = stack.empty() ? json("") : stack.front()["at"];
    made["stack"] = std::move(stack);
    made["tasks"] = array_of(entry.children);
    return made;
}

json array_of(const std::vector<roll_entry>& entries) {
    auto made = json::array();
    for (const auto& entry : entries) {
        made.push_back(task_of(entry));
    }
    return made;
}

json abandoned_of(const roll_abandoned& entry) {
    const auto& operation = *entry.operation;
    const auto now = entry.loop->taken_at;
    return {{"id", operation.id},
            {"what", operation.what},
            {"resource", operation.resource},
            {"request_id", operation.ref},
            {"loop", entry.loop->name},
            {"age_ms", ms(now - operation.started_at)},
            {"abandoned_ms_ago", ms(now - operation.abandoned_at)},
            {"cause", concurrency::to_string(operation.cause)},
            {"at", std::string(concurrency::tidy_file(operation.site.file_name())) + ":" +
                       std::to_string(operation.site.line())},
            {"verdict", concurrency::to_string(entry.verdict)}};
}

} // namespace

std::string roll_json(const concurrency::snapshot& taken, std::size_t limit) {
    const auto roll = make_roll(taken, limit);
    const auto& t = roll.totals;
    json made;
    made["totals"] = {{"requests", t.requests},     {"request_tasks", t.request_tasks},
                      {"background", t.background}, {"abandoned", t.abandoned},
                      {"listeners", t.listeners},   {"connections", t.connections},
                      {"live_tasks", t.live},       {"left_out", t.left_out}};
    made["limit"] = limit;
    made["loops"] = json::array();
    for (const auto& part : taken.parts) {
        json loop{{"name", part.loop}, {"answered", part.told != nullptr}};
        if (part.told) {
            loop["live_tasks"] = part.told->live();
            loop["live_frames"] = part.told->counts.live_frames;
            loop["started"] = part.told->counts.started;
            loop["ended"] = part.told->counts.ended;
        }
        made["loops"].push_back(std::move(loop));
    }
    made["verdicts"] = json::array();
    made["abandoned"] = json::array();
    for (const auto& entry : roll.abandoned) {
        made["verdicts"].push_back({{"verdict", concurrency::to_string(entry.verdict)},
                                    {"lint", concurrency::abandoned_lint::name},
                                    {"text", entry.sentence}});
        made["abandoned"].push_back(abandoned_of(entry));
    }
    made["requests"] = array_of(roll.requests);
    made["background"] = array_of(roll.background);
    made["listeners"] = array_of(roll.listeners);
    made["connections"] = array_of(roll.connections);
    return made.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace muster::server
