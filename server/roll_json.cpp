// server/: see roll_json.hpp.
#include "server/roll_json.hpp"

#include "concurrency/source_names.hpp"
#include "server/roll_model.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::server {

namespace {

// Writes into one string: thousands of tasks as a tree of values would stall the loop that is asked.
class writer {
  public:
    std::string take() { return std::move(out_); }

    writer& open(char bracket) {
        separate();
        out_ += bracket;
        first_ = true;
        return *this;
    }

    writer& close(char bracket) {
        out_ += bracket;
        first_ = false;
        return *this;
    }

    writer& key(std::string_view name) {
        separate();
        string(name);
        out_ += ':';
        first_ = true; // what follows is its value
        return *this;
    }

    void value(std::string_view text) {
        separate();
        string(text);
    }

    void value(const char* text) { value(std::string_view(text)); }

    void value(std::same_as<bool> auto yes) { raw(yes ? "true" : "false"); }

    template <std::integral Number>
        requires(!std::same_as<Number, bool>)
    void value(Number number) {
        raw(std::to_string(number));
    }

    void value(concurrency::duration d) {
        char text[40];
        const auto ms = std::chrono::duration<double, std::milli>(d).count();
        const auto end = std::to_chars(std::begin(text), std::end(text), ms, std::chars_format::fixed, 3).ptr;
        raw({text, static_cast<std::size_t>(end - text)});
    }

    void null() { raw("null"); }

    void line() { out_ += '\n'; }

    template <class T>
    writer& field(std::string_view name, const T& what) {
        key(name).value(what);
        return *this;
    }

  private:
    void separate() {
        if (!first_) {
            out_ += ',';
        }
        first_ = false;
    }

    void raw(std::string_view text) {
        separate();
        out_ += text;
    }

    void string(std::string_view text) {
        if (std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; })) {
            out_.append("\"").append(text).append("\"");
        } else {
            using json = nlohmann::json;
            out_ += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
        }
    }

    std::string out_;
    bool first_ = true;
};

void write(writer& to, std::string_view name, const std::vector<roll_entry>& entries);

void write(writer& to, const roll_entry& entry) {
    const auto& task = *entry.task;
    const auto now = entry.loop->taken_at;
    to.open('{').field("id", task.id).field("kind", concurrency::to_string(task.kind)).field("name", name_of(entry));
    if (task.kind == concurrency::task_kind::request) {
        const std::string_view name = task.name;
        const auto space = name.find(' ');
        to.field("request_id", task.ref).field("method", name.substr(0, space));
        to.field("route", space == std::string_view::npos ? std::string_view() : name.substr(space + 1));
        to.field("peer", entry.peer);
    } else if (!task.ref.empty()) {
        to.field("ref", task.ref);
    }
    to.field("loop", entry.loop->name).field("age_ms", now - task.started_at).key("time_left_ms");
    task.deadline == concurrency::no_deadline ? to.null() : to.value(task.deadline - now);
    to.field("state", state_word(task));
    to.field("waits_for", task.waits_for).field("resource", task.resource);
    to.field("attempts", task.attempts).field("bytes_written", task.written).field("bytes_read", task.read);
    to.field("shielded", task.shielded);
    if (task.cancelled) {
        to.field("cause", concurrency::to_string(*task.cancelled)).field("cancelled_ms_ago", now - task.cancelled_at);
    } else {
        to.key("cause").null();
        to.key("cancelled_ms_ago").null();
    }
    const auto* const frames = entry.loop->frames.data() + task.first_frame;
    to.field("function", task.frames == 0 ? std::string() : concurrency::tidy_function(frames[0].function));
    to.field("at", task.frames == 0 ? std::string() : place_of(frames[0]));
    to.key("stack").open('[');
    for (std::size_t i = 0; i != task.frames; ++i) {
        to.open('{').field("function", concurrency::tidy_function(frames[i].function));
        to.field("at", place_of(frames[i])).close('}');
    }
    to.close(']');
    write(to, "tasks", entry.children);
    to.close('}');
}

void write(writer& to, std::string_view name, const std::vector<roll_entry>& entries) {
    to.key(name).open('[');
    for (const auto& entry : entries) {
        write(to, entry);
        to.line();
    }
    to.close(']');
}

void write(writer& to, const roll_abandoned& entry) {
    const auto& operation = *entry.operation;
    const auto now = entry.loop->taken_at;
    to.open('{').field("id", operation.id).field("what", operation.what).field("resource", operation.resource);
    to.field("request_id", operation.ref).field("loop", entry.loop->name);
    to.field("age_ms", now - operation.started_at).field("abandoned_ms_ago", now - operation.abandoned_at);
    to.field("cause", concurrency::to_string(operation.cause));
    to.field("at", std::string(concurrency::tidy_file(operation.site.file_name())) + ":" +
                       std::to_string(operation.site.line()));
    to.field("verdict", concurrency::to_string(entry.verdict)).close('}');
}

void write(writer& to, const roll_totals& t) {
    to.key("totals").open('{').field("requests", t.requests).field("request_tasks", t.request_tasks);
    to.field("background", t.background).field("abandoned", t.abandoned).field("listeners", t.listeners);
    to.field("connections", t.connections).field("live_tasks", t.live).field("left_out", t.left_out).close('}');
}

void write(writer& to, const concurrency::snapshot::part& part) {
    to.open('{').field("name", part.loop).field("answered", part.told != nullptr);
    if (part.told) {
        to.field("live_tasks", part.told->live()).field("live_frames", part.told->counts.live_frames);
        to.field("started", part.told->counts.started).field("ended", part.told->counts.ended);
    }
    to.close('}');
}

void write(writer& to, const log_status& log) {
    to.open('{').field("log", log.log).field("sink", log.sink).field("written", log.written);
    to.field("dropped", log.dropped).field("waiting", log.waiting).key("stuck_ms");
    log.stuck ? to.value(*log.stuck) : to.null();
    to.field("why", log.why).field("not_reopened", log.not_reopened).close('}');
}

} // namespace

std::string roll_json(const concurrency::snapshot& taken, std::size_t limit, const std::vector<log_status>& logs) {
    const auto roll = make_roll(taken, limit);
    writer to;
    to.open('{');
    write(to, roll.totals);
    to.field("limit", limit).key("loops").open('[');
    for (const auto& part : taken.parts) {
        write(to, part);
    }
    to.close(']').key("logs").open('[');
    for (const auto& log : logs) {
        write(to, log);
    }
    to.close(']').key("verdicts").open('[');
    for (const auto& entry : roll.abandoned) {
        to.open('{').field("verdict", concurrency::to_string(entry.verdict));
        to.field("lint", concurrency::abandoned_lint::name).field("text", entry.sentence).close('}');
    }
    to.close(']').key("abandoned").open('[');
    for (const auto& entry : roll.abandoned) {
        write(to, entry);
    }
    to.close(']');
    write(to, "requests", roll.requests);
    write(to, "background", roll.background);
    write(to, "listeners", roll.listeners);
    write(to, "connections", roll.connections);
    to.close('}').line();
    return to.take();
}

} // namespace muster::server
