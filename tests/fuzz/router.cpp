// tests/fuzz: the router against a naive one that knows the rules and no tricks. An input is text: a line "GET /a/{b}"
// registers a route, a line "?GET /a/x" asks.
#include "handlers/router.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::fuzz {

namespace {

using handlers::method;
using handlers::resolution;

concurrency::task<handlers::response> nothing(const handlers::request& /*request*/) {
    co_return handlers::response{};
}

constexpr std::array<std::string_view, 7> verbs{"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"};

struct naive_route {
    std::string verb;
    std::string text;
    std::vector<std::string> segments;
    bool debug;
    std::size_t age; // of two that win alike the one that came first
};

std::vector<std::string> split(std::string_view path) { // what is behind each slash
    std::vector<std::string> parts;
    for (const char c : path) {
        if (c == '/') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

std::optional<std::string> decoded(const std::string& text) {
    const std::string digits = "0123456789abcdef0123456789ABCDEF";
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        const auto high = i + 2 < text.size() ? digits.find(text[i + 1]) : digits.npos;
        const auto low = i + 2 < text.size() ? digits.find(text[i + 2]) : digits.npos;
        if (high == digits.npos || low == digits.npos) {
            return std::nullopt;
        }
        plain += static_cast<char>((high % 16) * 16 + low % 16);
        i += 2;
    }
    return plain;
}

bool is_parameter(const std::string& segment) {
    return segment.size() >= 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_pattern(std::string_view text) {
    if (!text.starts_with('/')) {
        return false;
    }
    if (text == "/") {
        return true;
    }
    const auto parts = split(text);
    std::set<std::string> names;
    for (const auto& part : parts) {
        if (part.empty()) {
            return false;
        }
        if (!is_parameter(part)) {
            if (part.find_first_of("{}%?#") != part.npos) {
                return false;
            }
            continue;
        }
        const auto name = part.substr(1, part.size() - 2);
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
        if (name.empty() || name.find_first_not_of(letters) != name.npos || !names.insert(name).second) {
            return false;
        }
    }
    return parts.size() <= handlers::max_segments && names.size() <= handlers::path_parameters::capacity;
}

// "lp" for "/user/{id}": what both have as letters decides who wins, 'l' before 'p'.
std::string shape(const naive_route& route) {
    std::string letters;
    for (const auto& segment : route.segments) {
        letters += is_parameter(segment) ? 'p' : 'l';
    }
    return letters;
}

bool same_paths(const naive_route& a, const naive_route& b) {
    if (shape(a) != shape(b)) {
        return false;
    }
    for (std::size_t i = 0; i != a.segments.size(); ++i) {
        if (!is_parameter(a.segments[i]) && a.segments[i] != b.segments[i]) {
            return false;
        }
    }
    return true;
}

bool matches(const naive_route& route, const std::vector<std::string>& path) {
    if (route.segments.size() != path.size()) {
        return false;
    }
    for (std::size_t i = 0; i != path.size(); ++i) {
        if (is_parameter(route.segments[i]) ? path[i].empty() : path[i] != route.segments[i]) {
            return false;
        }
    }
    return true;
}

class both {
  public:
    void add(const std::string& verb, const std::string& text) {
        const bool debug = text.find("debug") != text.npos;
        naive_route made{verb, text, is_pattern(text) ? split(text) : std::vector<std::string>{}, debug,
                         routes_.size()};
        const bool known = std::ranges::find(verbs, verb) != verbs.end() && verb != "HEAD" && verb != "OPTIONS";
        const bool twice = std::ranges::any_of(
            routes_, [&](const naive_route& other) { return other.verb == verb && same_paths(other, made); });
        const bool well = known && is_pattern(text) && !twice;
        bool taken = true;
        try {
            auto registered = real_.add(handlers::parse_method(verb), text, nothing);
            if (debug) {
                registered.access(handlers::route_access::debug);
            }
        } catch (const std::logic_error&) {
            taken = false;
        }
        require(taken == well, taken ? "a route is taken that is none" : "a route is refused", verb, text);
        if (well) {
            routes_.push_back(std::move(made));
        }
    }

    void ask(const std::string& verb, const std::string& path) const {
        const auto got = real_.resolve(handlers::parse_method(verb), path);
        const auto differs = [&](std::string_view what) { fail(what, verb, path); };
        std::vector<std::string> segments;
        bool valid = path.starts_with('/');
        for (const auto& segment : valid ? split(path) : segments) {
            const auto plain = decoded(segment);
            valid = valid && plain;
            segments.push_back(plain.value_or(""));
        }
        if (!valid) {
            return got.kind == resolution::outcome::bad_target ? void() : differs("a path that is none is taken");
        }
        std::vector<const naive_route*> all;
        for (const auto& route : routes_) {
            if (matches(route, segments)) {
                all.push_back(&route);
            }
        }
        std::ranges::sort(all, {}, [](const naive_route* each) { return std::pair(shape(*each), each->age); });
        const auto wanted = verb == "HEAD" ? "GET" : verb;
        const auto winner = std::ranges::find(all, wanted, [](const naive_route* each) { return each->verb; });
        if (winner != all.end()) {
            const auto& route = **winner;
            if (got.kind != resolution::outcome::match || got.matched->pattern.text() != route.text ||
                handlers::to_string(got.matched->verb) != route.verb) {
                differs("another route wins");
            }
            check_parameters(route, segments, got);
            if ((got.access == handlers::route_access::debug) != route.debug) {
                differs("the access is not the route's");
            }
            return;
        }
        if (all.empty()) {
            return got.kind == resolution::outcome::not_found && got.matched == nullptr
                       ? void()
                       : differs("a route is found where none is");
        }
        if (got.kind != (verb == "OPTIONS" ? resolution::outcome::options : resolution::outcome::method_not_allowed)) {
            differs("a path of other methods is not told as one");
        }
        std::string allow;
        for (const auto each : verbs) {
            const auto registered = each == "HEAD" ? "GET" : each;
            if (each == "OPTIONS" ||
                std::ranges::any_of(all, [&](const naive_route* route) { return route->verb == registered; })) {
                allow += (allow.empty() ? "" : ", ") + std::string(each);
            }
        }
        require(got.allow == allow, "Allow is not what is allowed", allow, got.allow);
        if ((got.access == handlers::route_access::debug) != all.front()->debug) {
            differs("the access is not the path's");
        }
    }

  private:
    static void check_parameters(const naive_route& route, const std::vector<std::string>& path,
                                 const resolution& got) {
        std::size_t count = 0;
        for (std::size_t i = 0; i != path.size(); ++i) {
            if (is_parameter(route.segments[i])) {
                ++count;
                const auto name = route.segments[i].substr(1, route.segments[i].size() - 2);
                const auto* value = got.parameters.find(name);
                require(value != nullptr && *value == path[i], "a parameter has another value", route.text, path[i]);
            }
        }
        require(got.parameters.size() == count, "there are other parameters than the route's", route.text);
    }

    handlers::router real_;
    std::vector<naive_route> routes_;
};

void follow(std::string_view text) {
    both routers;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const bool question = line.starts_with('?');
        line.remove_prefix(question ? 1 : 0);
        const auto space = line.find(' ');
        if (space == line.npos) {
            continue;
        }
        const std::string verb(line.substr(0, space));
        const std::string path(line.substr(space + 1));
        if (question) {
            routers.ask(verb, path);
        } else {
            routers.add(verb, path);
        }
    }
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    muster::fuzz::follow({reinterpret_cast<const char*>(data), size});
    return 0;
}
