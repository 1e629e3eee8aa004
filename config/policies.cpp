// config/: see policies.hpp.
#include "config/policies.hpp"

#include "config/duration.hpp"
#include "config/scalar.hpp"
#include "config/size.hpp"
#include "config/store.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <iterator>
#include <utility>
#include <vector>

namespace muster::config {
namespace {

template <auto Member, std::uint64_t Most>
complaint number(source_policy& into, std::string_view raw) {
    return store(parse_number(raw, 1, Most), into.*Member);
}

template <std::uint64_t Most>
complaint idle(source_policy& into, std::string_view raw) {
    return store(parse_number(raw, 0, Most), into.idle);
}

template <auto Member>
complaint duration(source_policy& into, std::string_view raw) {
    return store(parse_duration(raw), into.*Member);
}

template <auto Member, std::uint64_t Least, std::uint64_t Most>
complaint size(source_policy& into, std::string_view raw) {
    return store(parse_size(raw, Least, Most), into.*Member);
}

complaint deadline(source_policy& into, std::string_view raw) {
    constexpr std::pair<std::string_view, deadline_dialect> names[] = {
        {"x-request-timeout-ms", deadline_dialect::x_request_timeout_ms},
        {"connect-timeout-ms", deadline_dialect::connect_timeout_ms},
        {"grpc-timeout", deadline_dialect::grpc_timeout},
        {"x-envoy-expected-rq-timeout-ms", deadline_dialect::x_envoy_expected_rq_timeout_ms},
        {"x-yataxi-client-timeoutms", deadline_dialect::x_yataxi_client_timeoutms},
        {"request-timeout", deadline_dialect::request_timeout},
        {"off", deadline_dialect::off}};
    std::string allowed;
    for (const auto& [name, value] : names) {
        if (std::ranges::equal(raw, name, {}, [](unsigned char c) { return std::tolower(c); })) {
            into.deadline = value;
            return std::nullopt;
        }
        allowed += (allowed.empty() ? "" : value == deadline_dialect::off ? " or " : ", ") + std::string{name};
    }
    return "must be " + allowed;
}

using p = source_policy;
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t most_connections = 100'000;

constexpr policy table[] = {
    {"workers", "N", "4", "threads, hence questions at once", file_kind::number, source_kind::sqlite,
     number<&p::workers, 1024>},
    {"queue", "N", "256", "questions that wait for a thread or a connection; one more is\nanswered 503",
     file_kind::number, std::nullopt, number<&p::queue, 1'000'000>},
    {"connections", "N", "256", "open at once, hence questions at once", file_kind::number, source_kind::http,
     number<&p::connections, most_connections>},
    {"idle", "N", "64, or as connections", "of them kept open when there is nothing to ask", file_kind::number,
     source_kind::http, idle<most_connections>},
    {"connect", "DURATION", "1s", "for a connection to come about", file_kind::text, source_kind::http,
     duration<&p::connect>},
    {"idle-timeout", "DURATION", "30s", "for a connection with nothing to ask, which is closed then", file_kind::text,
     source_kind::http, duration<&p::idle_timeout>},
    {"max-head", "SIZE", "16KiB", "status line and header fields of an answer; beyond it 502", file_kind::text,
     source_kind::http, size<&p::head, kib, mib>},
    {"max-body", "SIZE", "8MiB", "body of an answer; beyond it 502", file_kind::text, source_kind::http,
     size<&p::body, kib, 64 * mib>},
    {"deadline", "FIELD", "x-request-timeout-ms",
     "how it is told the time that is left: connect-timeout-ms,\ngrpc-timeout, x-envoy-expected-rq-timeout-ms,\n"
     "x-yataxi-client-timeoutms, request-timeout, or off",
     file_kind::text, source_kind::http, deadline},
};

constexpr std::pair<std::string_view, source settings::*> sources[] = {
    {"users", &settings::users}, {"profiles", &settings::profiles}, {"posts", &settings::posts}};

/// More kept than there are at most.
std::optional<std::string> check_idle(const source& of) {
    if (!of.policy.idle || *of.policy.idle <= of.policy.connections)
        return std::nullopt;
    const auto given = std::ranges::find(of.given.rbegin(), of.given.rend(), "idle", &given_policy::name);
    return given->given_as + ": must be at most connections, which are " + std::to_string(of.policy.connections);
}

} // namespace

std::span<const policy> policies() {
    return table;
}

const policy* find_policy(std::string_view name) {
    const auto* found = std::ranges::find(table, name, &policy::name);
    return found == std::end(table) ? nullptr : found;
}

std::string names_of_policies(std::optional<source_kind> of) {
    std::vector<std::string_view> names;
    for (const auto& each : table)
        if (!of || each.is_of(*of))
            names.push_back(each.name);
    std::string text;
    for (std::size_t i = 0; i != names.size(); ++i)
        text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + std::string{names[i]};
    return text;
}

complaint apply_policy(settings& into, std::string_view source_name, std::string_view name, std::string_view raw,
                       std::string given_as) {
    const auto* named = std::ranges::find(sources, source_name, [](const auto& each) { return each.first; });
    if (named == std::end(sources))
        return "no such source; there are users, profiles and posts";
    const auto* known = find_policy(name);
    if (!known)
        return "no such policy; there are " + names_of_policies();
    auto& of = into.*named->second;
    if (auto wrong = known->apply(of.policy, raw))
        return wrong;
    of.given.push_back({known->name, std::move(given_as)});
    return std::nullopt;
}

std::optional<std::string> check_policies(const settings& all) {
    for (const auto& [name, member] : sources) {
        const auto& of = all.*member;
        const auto kind = of.url.kind;
        for (const auto& each : of.given)
            if (!find_policy(each.name)->is_of(kind))
                return each.given_as + ": " + std::string{name} + " come from " + shown_value(of.url.text) +
                       ", and a source over " + std::string{to_string(kind)} + " has no " + std::string{each.name} +
                       "; there are " + names_of_policies(kind);
        if (kind == source_kind::http)
            if (auto wrong = check_idle(of))
                return wrong;
    }
    return std::nullopt;
}

} // namespace muster::config
