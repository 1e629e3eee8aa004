// config/: the table of keys, and the rule of each.
#include "config/keys.hpp"

#include "config/address.hpp"
#include "config/duration.hpp"
#include "config/network.hpp"
#include "config/policies.hpp"
#include "config/scalar.hpp"
#include "config/size.hpp"
#include "config/source_url.hpp"
#include "config/store.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <iterator>
#include <numeric>
#include <utility>
#include <variant>
#include <vector>

namespace muster::config {
namespace {

template <auto Member>
complaint duration(settings& into, std::string_view raw, origin) {
    return store(parse_duration(raw), into.*Member);
}

/// Of which nothing is a length, too: 0s.
template <auto Member>
complaint delay(settings& into, std::string_view raw, origin) {
    return store(parse_duration(raw, std::chrono::milliseconds{0}), into.*Member);
}

template <auto Member>
complaint toggle(settings& into, std::string_view raw, origin) {
    return store(parse_switch(raw), into.*Member);
}

template <auto Member, std::uint64_t Least, std::uint64_t Most>
complaint number(settings& into, std::string_view raw, origin) {
    return store(parse_number(raw, Least, Most), into.*Member);
}

/// "off" is 0.
template <auto Member, std::uint64_t Most>
complaint number_or_off(settings& into, std::string_view raw, origin) {
    if (raw == "off") {
        into.*Member = 0;
        return std::nullopt;
    }
    auto read = parse_number(raw, 1, Most);
    if (!read)
        return read.error() + ", or off for none";
    into.*Member = *read;
    return std::nullopt;
}

template <auto Member, std::uint64_t Least, std::uint64_t Most>
complaint limit(settings& into, std::string_view raw, origin) {
    return store(parse_number(raw, Least, Most), into.limits.*Member);
}

template <auto Member, std::uint64_t Least, std::uint64_t Most>
complaint limit_size(settings& into, std::string_view raw, origin) {
    return store(parse_size(raw, Least, Most), into.limits.*Member);
}

complaint body_rate(settings& into, std::string_view raw, origin) {
    if (raw == "off") {
        into.limits.body_rate = 0;
        return std::nullopt;
    }
    auto read = parse_size(raw, 1, 1 << 30);
    if (!read)
        return read.error() + ", or off";
    into.limits.body_rate = *read;
    return std::nullopt;
}

complaint listen(settings& into, std::string_view raw, origin) {
    auto where = parse_endpoint(raw);
    if (!where)
        return std::move(where.error());
    const auto* tcp = std::get_if<tcp_endpoint>(&*where);
    const bool any_port = tcp && tcp->port == 0;
    if (!any_port && std::ranges::find(into.listen, *where) != into.listen.end())
        return "given twice";
    into.listen.push_back(*std::move(where));
    return std::nullopt;
}

complaint admin(settings& into, std::string_view raw, origin) {
    if (raw == "off") {
        into.admin.reset();
        return std::nullopt;
    }
    auto where = parse_endpoint(raw);
    if (!where)
        return where.error() + ", or off for none";
    into.admin = *std::move(where);
    return std::nullopt;
}

/// Other users of the machine can read a process's flags, and its environment ends up in many a log.
complaint url(settings& into, std::string_view raw, origin from, std::initializer_list<source settings::*> sources) {
    if (from != origin::file && has_password(raw))
        return "a password must not be given by flag or environment, where others can read it";
    auto parsed = parse_source_url(raw);
    if (!parsed)
        return std::move(parsed.error());
    for (const auto member : sources)
        (into.*member).url = *parsed;
    into.sources_named = true;
    return std::nullopt;
}

template <auto... Members>
complaint urls(settings& into, std::string_view raw, origin from) {
    return url(into, raw, from, {Members...});
}

complaint policy(settings& into, std::string_view raw, origin from) {
    const auto dot = raw.find('.');
    const auto equals = raw.find('=');
    if (dot == raw.npos || equals == raw.npos || dot > equals)
        return "not a policy; write SOURCE.POLICY=VALUE, such as posts.workers=4";
    auto given_as = from == origin::flag ? "--source " + shown_value(raw) + " (flag)"
                                         : "MUSTER_SOURCE=" + shown_value(raw) + " (environment)";
    return apply_policy(into, raw.substr(0, dot), raw.substr(dot + 1, equals - dot - 1), raw.substr(equals + 1),
                        std::move(given_as));
}

complaint level(settings& into, std::string_view raw, origin) {
    constexpr std::pair<std::string_view, log_level> names[] = {{"trace", log_level::trace},
                                                                {"debug", log_level::debug},
                                                                {"info", log_level::info},
                                                                {"warn", log_level::warn},
                                                                {"error", log_level::error}};
    for (const auto& [name, value] : names) {
        if (raw == name) {
            into.level = value;
            return std::nullopt;
        }
    }
    return "must be trace, debug, info, warn or error";
}

complaint explain(settings& into, std::string_view raw, origin) {
    if (raw != "full" && raw != "minimal")
        return "must be full or minimal";
    into.explain = raw == "full" ? explain_level::full : explain_level::minimal;
    return std::nullopt;
}

complaint format(settings& into, std::string_view raw, origin) {
    constexpr std::pair<std::string_view, log_format> names[] = {
        {"text", log_format::text}, {"json", log_format::json}, {"auto", log_format::automatic}};
    for (const auto& [name, value] : names) {
        if (raw == name) {
            into.format = value;
            return std::nullopt;
        }
    }
    return "must be text, json or auto";
}

complaint access_log(settings& into, std::string_view raw, origin) {
    if (raw.empty() || raw.contains('\0'))
        return "must be the name of a file, - for standard output, or off";
    into.access_log = raw;
    return std::nullopt;
}

complaint trusted(settings& into, std::string_view raw, origin) {
    auto found = into.trusted;
    for (bool last = false; !last;) {
        const auto comma = raw.find(',');
        auto item = raw.substr(0, comma);
        while (item.starts_with(' '))
            item.remove_prefix(1);
        while (item.ends_with(' '))
            item.remove_suffix(1);
        if (item == "unix") {
            found.unix_sockets = true;
        } else {
            auto read = parse_network(item);
            if (!read)
                return std::move(read.error());
            found.networks.push_back(*read);
        }
        last = comma == raw.npos;
        raw.remove_prefix(last ? raw.size() : comma + 1);
    }
    into.trusted = std::move(found);
    return std::nullopt;
}

template <auto Member>
complaint file(settings& into, std::string_view raw, origin) {
    if (raw.empty())
        return "must be the name of a file";
    into.*Member = raw;
    return std::nullopt;
}

using s = settings;

constexpr key listening[] = {
    {"listen", "HOST:PORT", "127.0.0.1:8080",
     "public listener; repeatable; also [::1]:8080 or unix:PATH;\nport 0 takes a free one, which is printed",
     file_kind::texts, listen, [](settings& into) { into.listen.clear(); }},
    {"admin", "HOST:PORT", "127.0.0.1:9090", "admin listener, with /debug; off for none", file_kind::text, admin},
    {"admin-token-file", "FILE", "",
     "file of a token that /debug then asks for, as Bearer or as\nBasic password; health needs none", file_kind::text,
     file<&s::admin_token_file>},
    {"debug-on-public", "", "off", "serve /debug on the public listener too; never behind a proxy\non the same host",
     file_kind::boolean, toggle<&s::debug_on_public>},
    {"reuse-port", "", "off", "share the ports with another muster instead of failing\nwhen they are in use",
     file_kind::boolean, toggle<&s::reuse_port>},
    {"max-connections", "N", "from descriptors and memory", "open connections; one more is answered 503",
     file_kind::number, number<&s::max_connections, 1, 10'000'000>},
    {"max-connections-per-address", "N", "a quarter of --max-connections, or 64, at most 3/4",
     "of them from one IPv4 address or IPv6 /64, so that no client\ntakes the house alone; one more is answered 503; "
     "off "
     "for no\nlimit. Loopback, Unix sockets and --trusted-proxies are not\ncounted",
     file_kind::number_or_off, number_or_off<&s::max_connections_per_address, 10'000'000>},
    {"trusted-proxies", "CIDR,...", "",
     "whose Forwarded or X-Forwarded-For names the peer in the log,\nand who is not counted by address: networks, "
     "addresses, or unix;\nrepeatable",
     file_kind::texts, trusted, [](settings& into) { into.trusted = {}; }},
};

constexpr key sources[] = {
    {"data", "URL", "sqlite:data/muster.db",
     "where users, profiles and posts come from: sqlite:PATH, another\nmuster at http://HOST:PORT or http://unix:PATH; "
     "the default, and\nonly it, is created with sample people",
     file_kind::text, urls<&s::users, &s::profiles, &s::posts>},
    {"users", "URL", "as --data", "where users come from", file_kind::text, urls<&s::users>},
    {"profiles", "URL", "as --data", "where profiles come from", file_kind::text, urls<&s::profiles>},
    {"posts", "URL", "as --data", "where posts come from", file_kind::text, urls<&s::posts>},
    {"seed", "", "off", "create a named database that is absent, with sample people", file_kind::boolean,
     toggle<&s::seed>},
    {"source", "SOURCE.POLICY=VALUE", "",
     "how much of a source may be used, by the policies below:\nposts.workers=8, users.connections=64; repeatable",
     file_kind::none, policy},
    {"explain", "LEVEL", "full",
     "what a 502, 503 or 504 tells the client: full for every source\nthat was waited for, minimal for budget and "
     "cause alone",
     file_kind::text, explain},
};

using l = client_limits;
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;

constexpr key limits[] = {
    {"max-head", "SIZE", "16KiB", "request line and header fields, in bytes; beyond it 431", file_kind::text,
     limit_size<&l::head, kib, mib>},
    {"max-target", "SIZE", "8KiB", "target of a request line; beyond it 414", file_kind::text,
     limit_size<&l::target, 64, mib>},
    {"max-fields", "N", "100", "header fields of a request; beyond it 431", file_kind::number,
     limit<&l::fields, 1, 10'000>},
    {"max-body", "SIZE", "64KiB", "body of a request (no route reads one); beyond it 413", file_kind::text,
     limit_size<&l::body, 0, 64 * mib>},
    {"min-body-rate", "SIZE", "240B", "a body's bytes a second, on average after 5s; below it 408; off\nfor any",
     file_kind::text, body_rate},
    {"max-pipelined", "N", "1000",
     "requests in a row that a client sends before it has read the\nanswers so far; the last one's answer ends the "
     "connection",
     file_kind::number, limit<&l::pipelined, 1, 1'000'000>},
    {"max-buffered", "SIZE", "a quarter of the memory, 4MiB to 1GiB",
     "what all clients together hold of our memory: a quarter of it\nfor heads and bodies that arrive (beyond 4KiB "
     "each), the rest\nfor answers (beyond 16KiB each); without room 503, or a cut",
     file_kind::text, limit_size<&l::buffered, 64 * kib, 1024 * 1024 * mib>},
};

constexpr key times[] = {
    {"timeout", "DURATION", "5s", "time limit of a request, all its work included; per route in\nthe file",
     file_kind::text, duration<&s::timeout>},
    {"head-timeout", "DURATION", "10s", "for a request's head to arrive", file_kind::text, duration<&s::head_timeout>},
    {"read-timeout", "DURATION", "15s", "for a whole request to arrive", file_kind::text, duration<&s::read_timeout>},
    {"write-timeout", "DURATION", "15s", "for an answer to leave, and for each further 64KiB of it", file_kind::text,
     duration<&s::write_timeout>},
    {"idle-timeout", "DURATION", "60s", "for a silent connection", file_kind::text, duration<&s::idle_timeout>},
    {"drain", "DURATION", "longest route limit + 1s",
     "how long requests may go on after SIGTERM, counted from the\nend of --drain-delay; the rest is cut and named in "
     "the log",
     file_kind::text, duration<&s::drain>},
    {"drain-delay", "DURATION", "0s",
     "how long to go on accepting after SIGTERM, unready already:\nas long as a load balancer takes to notice",
     file_kind::text, delay<&s::drain_delay>},
};

constexpr key process[] = {
    {"threads", "N", "cores allowed to the process", "event loops, one thread each; 0 is the default",
     file_kind::number, number<&s::threads, 0, 1024>},
    {"log-level", "LEVEL", "info", "trace, debug, info, warn or error", file_kind::text, level},
    {"access-log", "FILE", "-",
     "where a line for each request goes: a file (or FIFO), - for\nstandard output, or off; SIGHUP opens the file "
     "again",
     file_kind::text, access_log},
    {"log-format", "FORMAT", "auto", "text, json, or auto: text on a terminal, else json", file_kind::text, format},
    {"config", "FILE", "", "settings as JSON, comments allowed", file_kind::none, file<&s::config_file>},
};

constexpr key_group groups[] = {
    {"Listening", listening}, {"Sources", sources}, {"Time limits", times}, {"Limits", limits}, {"Process", process}};

/// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

} // namespace

std::span<const key_group> key_groups() {
    return groups;
}

const key* find_key(std::string_view name) {
    for (const auto& group : groups)
        for (const auto& each : group.keys)
            if (each.name == name)
                return &each;
    return nullptr;
}

std::string variable_of(std::string_view name) {
    std::string variable = "MUSTER_";
    for (const char c : name)
        variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return variable;
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
    constexpr std::size_t longest_word = 64; // what is longer is no slip, and the distance is quadratic
    if (word.size() > longest_word)
        return {};
    std::string best;
    std::size_t closest = 3;
    for (const auto& each : known) {
        if (const auto d = distance(word, each); d < closest) {
            closest = d;
            best = each;
        }
    }
    return best;
}

} // namespace muster::config
