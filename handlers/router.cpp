// handlers/: the router. A few routes, asked in the order in which they win: a scan of a few segment counts and
// literals, without an allocation until one matches.
#include "handlers/router.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace muster::handlers {
namespace {

constexpr std::size_t methods = static_cast<std::size_t>(method::other);

std::string allow_of(std::array<bool, methods> verbs) {
    verbs[static_cast<std::size_t>(method::head)] = verbs[static_cast<std::size_t>(method::get)];
    verbs[static_cast<std::size_t>(method::options)] = true;
    std::string value;
    for (std::size_t i = 0; i < methods; ++i) {
        if (!verbs[i])
            continue;
        if (!value.empty())
            value += ", ";
        value += to_string(static_cast<method>(i));
    }
    return value;
}

} // namespace

route_registration& route_registration::timeout(std::chrono::milliseconds limit) {
    if (limit <= limit.zero())
        throw std::logic_error("route \"" + route_.pattern.text() + "\": a time limit must be positive");
    route_.options.timeout = limit;
    return *this;
}

route_registration& route_registration::on_client_gone(client_gone_policy policy) noexcept {
    route_.options.on_client_gone = policy;
    return *this;
}

route_registration& route_registration::access(route_access who) noexcept {
    route_.options.access = who;
    return *this;
}

route_registration router::add(method verb, std::string pattern, handler run) {
    auto made = std::make_unique<route>(verb, path_pattern(std::move(pattern)), std::move(run), route_options{});
    const auto refuse = [&](const std::string& why) {
        throw std::logic_error("route \"" + made->pattern.text() + "\": " + why);
    };
    if (verb == method::head || verb == method::options || verb == method::other)
        refuse("HEAD and OPTIONS are answered by the router itself, unknown methods by nobody");
    if (!made->run)
        refuse("has no handler");
    for (const auto& other : routes_)
        if (other->verb == verb && other->pattern.same_paths(made->pattern))
            refuse("is registered already, as \"" + other->pattern.text() + "\"");

    // Among the patterns of its length, behind all that win over it or are its equals.
    const auto before = std::find_if(routes_.begin(), routes_.end(),
                                     [&](const auto& other) { return made->pattern.wins_over(other->pattern); });
    return route_registration(**routes_.insert(before, std::move(made)));
}

resolution router::resolve(method verb, std::string_view path) const {
    resolution found;
    const path_segments segments(path);
    if (!segments.valid()) {
        found.kind = resolution::outcome::bad_target;
        return found;
    }

    const auto wanted = verb == method::head ? method::get : verb;
    std::array<bool, methods> verbs{};
    bool known = false;
    for (const auto& candidate : routes_) {
        if (!candidate->pattern.matches(segments))
            continue;
        if (!known)
            found.access = candidate->options.access;
        known = true;
        if (candidate->verb == wanted) {
            found.kind = resolution::outcome::match;
            found.matched = candidate.get();
            found.parameters = candidate->pattern.parameters(segments);
            found.access = candidate->options.access;
            return found;
        }
        verbs[static_cast<std::size_t>(candidate->verb)] = true;
    }
    if (!known)
        return found;
    found.kind = verb == method::options ? resolution::outcome::options : resolution::outcome::method_not_allowed;
    found.allow = allow_of(verbs);
    return found;
}

bool router::set_timeout(std::string_view pattern, std::chrono::milliseconds limit) {
    bool found = false;
    for (const auto& each : routes_) {
        if (each->pattern.text() != pattern)
            continue;
        route_registration(*each).timeout(limit);
        found = true;
    }
    return found;
}

void router::remove(route_access access) {
    std::erase_if(routes_, [access](const auto& each) { return each->options.access == access; });
}

} // namespace muster::handlers
