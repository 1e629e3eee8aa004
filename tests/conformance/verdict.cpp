// tests/conformance: see verdict.hpp.
#include "tests/conformance/verdict.hpp"

#include "tests/conformance/answers.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace muster::tests::conformance {

namespace {

using std::chrono::milliseconds;

std::chrono::milliseconds arrived(const seen& what, std::size_t position) {
    for (const auto& [length, when] : what.arrivals) {
        if (length >= position) {
            return when;
        }
    }
    return what.ended_at;
}

std::string moment(milliseconds when, bool timeout, const seen& what, milliseconds read_timeout) {
    if (timeout && when < read_timeout) {
        return fmt::format("it came after {} ms, before the read timeout of {} ms", when.count(), read_timeout.count());
    }
    if (timeout && when - what.sent_at > read_timeout + milliseconds(10)) {
        return fmt::format("it came after {} ms, after the read timeout of {} ms", when.count(), read_timeout.count());
    }
    if (!timeout && when > what.sent_at) {
        return fmt::format("it came {} ms after all was sent", (when - what.sent_at).count());
    }
    return {};
}

std::string end_of(const alternative& expected, const vector& v, const seen& what, const heard& all, std::size_t own) {
    if (!all.wrong.empty()) {
        return all.wrong;
    }
    if (all.rest != 0) {
        return "an answer is cut off";
    }
    if (expected.kept) {
        const bool good = all.answers.size() == own + 2 && all.answers[own].status == 200 &&
                          all.answers[own + 1].status == 200 && what.end == seen::ending::closed;
        return good ? "" : "asked again on the connection, it did not give exactly one 200 to each of HEAD and GET";
    }
    if (all.answers.size() != own) {
        return fmt::format("answered once too often: {}", all.answers[own].status);
    }
    if (what.end != seen::ending::closed) {
        return what.end == seen::ending::reset ? "reset instead of closed" : "the connection is still open";
    }
    if (own != 0 && !expected.end_by_timeout && !v.half_close && !all.answers.back().says_close()) {
        return fmt::format("{} did not say Connection: close and closed", all.answers.back().status);
    }
    return {};
}

std::string said_of(const vector& v, const std::vector<answer>& finals) {
    const auto lower = [](std::string name) {
        std::ranges::transform(name, name.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; });
        return name;
    };
    for (const auto& each : v.fields) {
        if (each.answer <= finals.size()) {
            const auto came = finals[each.answer - 1].value(lower(each.name));
            if (!came || (each.value && *came != *each.value)) {
                return fmt::format("answer {} has {}: {}", each.answer, each.name, came.value_or("(nothing)"));
            }
        }
    }
    for (const auto& each : v.no_fields) {
        if (each.answer <= finals.size() && finals[each.answer - 1].value(lower(each.name))) {
            return fmt::format("answer {} has {}", each.answer, each.name);
        }
    }
    for (const auto& each : v.bodies) {
        if (each.answer <= finals.size() && !finals[each.answer - 1].body.contains(*each.value)) {
            return fmt::format("the body of answer {} is {}", each.answer, escaped(finals[each.answer - 1].body));
        }
    }
    return {};
}

// Nothing: it fits. Empty: its statuses do not. Else why not.
std::optional<std::string> against(const alternative& expected, const vector& v, const seen& what,
                                   milliseconds read_timeout) {
    if (expected.kept && !what.probed) {
        return "";
    }
    auto heads = v.heads;
    if (expected.kept) {
        heads.insert(expected.finals() + 1);
    }
    const auto all = read_answers(what.data, heads);
    std::vector<int> statuses;
    for (const auto& each : all.answers) {
        statuses.push_back(each.status);
    }
    const auto fitting = match(expected.tokens, statuses);
    if (!fitting || !fitting->complete) {
        return "";
    }
    if (auto why = end_of(expected, v, what, all, fitting->taken); !why.empty()) {
        return why;
    }
    std::size_t at = 0;
    for (const auto& each : expected.tokens) {
        if (at < fitting->taken && each.fits(statuses[at])) {
            auto why = moment(arrived(what, all.answers[at].ends), each.timeout, what, read_timeout);
            if (!why.empty()) {
                return fmt::format("{}: {}", all.answers[at].status, why);
            }
            ++at;
        }
    }
    if (!expected.kept && (expected.end_by_timeout || all.answers.empty())) {
        if (auto why = moment(what.ended_at, expected.end_by_timeout, what, read_timeout); !why.empty()) {
            return "the end: " + why;
        }
    }
    std::vector<answer> finals;
    for (std::size_t i = 0; i != all.answers.size(); ++i) {
        const auto& each = all.answers[i];
        if (auto why = each.problems(); !why.empty()) {
            return why;
        }
        if (each.says_close() && i + 1 != all.answers.size()) {
            return fmt::format("{} said close, and another answer followed", each.status);
        }
        if (!each.interim()) {
            finals.push_back(each);
        }
    }
    finals.resize(expected.finals());
    if (auto why = said_of(v, finals); !why.empty()) {
        return why;
    }
    return std::nullopt;
}

} // namespace

std::optional<matched> match(const std::vector<token>& tokens, const std::vector<int>& statuses) {
    std::size_t taken = 0;
    for (const auto& each : tokens) {
        if (taken < statuses.size() && each.fits(statuses[taken])) {
            ++taken;
        } else if (!each.optional) {
            return taken == statuses.size() ? std::optional(matched{taken, false}) : std::nullopt;
        }
    }
    return matched{taken, true};
}

std::string judge(const vector& v, const seen& what, milliseconds read_timeout) {
    std::string best;
    std::string expected;
    for (const auto& each : v.answers) {
        auto why = against(each, v, what, read_timeout);
        if (!why) {
            return {};
        }
        best = why->empty() ? best : *why;
        expected += (expected.empty() ? "'" : " or '") + each.text() + "'";
    }
    constexpr std::string_view ends[] = {"open", "closed", "reset"};
    return fmt::format("expected {}, came '{}' ({}{}): {}", expected, escaped(what.data),
                       what.probed ? "asked again, " : "", ends[static_cast<std::size_t>(what.end)], best);
}

} // namespace muster::tests::conformance
