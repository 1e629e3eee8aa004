// handlers/: see explanation_json.hpp.
#include "handlers/explanation_json.hpp"

#include <algorithm>

namespace muster::handlers {
namespace {

namespace limits = upstream::explanations;
using std::chrono::milliseconds;

void append_word(views::json_writer& writer, std::string_view name, std::string_view word) {
    if (!word.empty())
        writer.key(name).string(word);
}

void append_time(views::json_writer& writer, std::string_view name, milliseconds time) {
    writer.key(name).number(std::clamp(time, milliseconds::zero(), milliseconds(limits::longest_time)).count());
}

void append(views::json_writer& writer, const explanation& why, explain how, int depth);

void append_child(views::json_writer& writer, const explanation::child& child, int depth) {
    writer.begin_object();
    append_word(writer, "source", child.source);
    append_word(writer, "state", child.state);
    append_word(writer, "wait", child.wait);
    append_word(writer, "failure", child.failure);
    append_time(writer, "elapsed_ms", child.elapsed);
    if (child.attempts != 0)
        writer.key("attempts").number(std::min(child.attempts, limits::most_attempts));
    if (child.upstream && depth <= limits::deepest) {
        writer.key("upstream").begin_object();
        if (child.upstream->status != 0)
            writer.key("status").number(child.upstream->status);
        append(writer, *child.upstream, explain::full, depth + 1);
        writer.end_object();
    }
    writer.end_object();
}

void append(views::json_writer& writer, const explanation& why, explain how, int depth) {
    append_word(writer, "cause", why.cause);
    if (why.budget)
        append_time(writer, "budget_ms", *why.budget);
    if (how == explain::minimal)
        return;
    if (why.elapsed)
        append_time(writer, "elapsed_ms", *why.elapsed);
    if (why.children.empty())
        return;
    writer.key("children").begin_array();
    for (const auto& child : why.children)
        append_child(writer, child, depth);
    writer.end_array();
}

} // namespace

void append_members(views::json_writer& writer, const explanation& why, explain how) {
    append(writer, why, how, 1);
}

} // namespace muster::handlers
