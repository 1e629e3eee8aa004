// config/: defaults, file, environment, flags: everything goes through the table of keys, lowest origin first.
#include "config/command_line.hpp"

#include "config/file_settings.hpp"
#include "config/flags.hpp"
#include "config/help.hpp"
#include "config/keys.hpp"
#include "config/policies.hpp"
#include "config/scalar.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

namespace muster::config {
namespace {

config_error fault(std::string why) {
    return {"muster: " + std::move(why)};
}

/// Applies the values of one key from one origin; `name` says how a value is shown in a message.
template <typename Name>
std::optional<config_error> apply(settings& into, const key& each, const std::vector<std::string>& values, origin from,
                                  Name name) {
    if (each.begin)
        each.begin(into);
    for (const auto& value : values)
        if (auto wrong = each.apply(into, value, from))
            return fault(name(value) + ": " + *wrong);
    return std::nullopt;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> items;
    while (true) {
        const auto comma = text.find(',');
        auto item = text.substr(0, comma);
        while (item.starts_with(' '))
            item.remove_prefix(1);
        while (item.ends_with(' '))
            item.remove_suffix(1);
        items.emplace_back(item);
        if (comma == text.npos)
            return items;
        text.remove_prefix(comma + 1);
    }
}

bool is_list(const key& each) {
    return each.kind == file_kind::texts || each.name == "source";
}

std::optional<config_error> apply_variables(settings& into, const environment& variables) {
    for (const auto& group : key_groups()) {
        for (const auto& each : group.keys) {
            const auto name = variable_of(each.name);
            const auto found = std::ranges::find(variables, name, [](const auto& pair) { return pair.first; });
            if (found == variables.end())
                continue;
            const auto& raw = found->second;
            const auto values = is_list(each) ? split_list(raw) : std::vector{raw};
            auto wrong = apply(into, each, values, origin::variable, [&](const std::string& value) {
                return name + '=' + shown_value(value) + " (environment)";
            });
            if (wrong)
                return wrong;
        }
    }
    return std::nullopt;
}

/// The roll tells paths, addresses and requests.
void warn_of_open_doors(const settings& all, std::vector<std::string>& warnings) {
    if (!all.admin_token_file.empty()) {
        if (!all.admin && !all.debug_on_public)
            warnings.emplace_back(
                "--admin-token-file has nothing to guard: --admin is off, and so is --debug-on-public");
        return;
    }
    if (all.admin && !is_local(*all.admin))
        warnings.push_back("the admin listener " + to_string(*all.admin) +
                           " can be reached from other machines and asks for no token: name one with "
                           "--admin-token-file, or bind it to 127.0.0.1");
    const auto open = std::ranges::find_if_not(all.listen, is_local);
    if (all.debug_on_public && open != all.listen.end())
        warnings.push_back("--debug-on-public shows /debug to everybody who reaches " + to_string(*open) +
                           ", also through pages of other sites: name a token with --admin-token-file, or bind it to "
                           "127.0.0.1, or leave the flag out and ask the admin listener");
}

std::vector<std::string> unknown_variables(const environment& variables) {
    std::vector<std::string> known;
    for (const auto& group : key_groups())
        for (const auto& each : group.keys)
            known.push_back(variable_of(each.name));
    std::vector<std::string> warnings;
    for (const auto& [name, value] : variables) {
        // Kubernetes gives every container the addresses of the services around it; one may be called muster.
        if (!name.starts_with("MUSTER_") || name.starts_with("MUSTER_SERVICE_") || name.starts_with("MUSTER_PORT"))
            continue;
        if (std::ranges::find(known, name) == known.end()) {
            const auto meant = nearest(name, known);
            warnings.push_back(shown_value(name) + " (environment) is no setting of muster and is ignored" +
                               (meant.empty() ? std::string{} : "; did you mean " + meant + '?'));
        }
    }
    return warnings;
}

std::optional<config_error> apply_flags(settings& into, const flags& given) {
    for (const auto& group : key_groups()) {
        for (const auto& each : group.keys) {
            const auto found = given.values.find(each.name);
            if (found == given.values.end())
                continue;
            auto wrong = apply(into, each, found->second, origin::flag, [&](const std::string& value) {
                const auto name = "--" + std::string{each.name};
                return (each.is_switch() ? name + '=' : name + ' ') + shown_value(value) + " (flag)";
            });
            if (wrong)
                return wrong;
        }
    }
    return std::nullopt;
}

/// The file's name, from the highest origin that gives one, and where it was given.
std::pair<std::string, std::string> config_file(const flags& given, const environment& variables) {
    if (const auto flag = given.values.find("config"); flag != given.values.end())
        return {flag->second.back(), "--config " + shown_value(flag->second.back()) + " (flag)"};
    for (const auto& [name, value] : variables)
        if (name == "MUSTER_CONFIG")
            return {value, "MUSTER_CONFIG=" + shown_value(value) + " (environment)"};
    return {};
}

bool works_on_database(command which) {
    return which == command::import_people || which == command::export_people || which == command::migrate;
}

/// What only one command knows.
std::optional<config_error> apply_operand(parsed& into, const flags& given) {
    const auto& info = info_of(given.command);
    const auto on = [&](std::string_view name) { return given.switches.contains(name); };
    if (info.operand_needed && given.operand.empty())
        return fault(std::string{info.name} + " (command): " + std::string{info.operand} +
                     " is missing: the file to read, or - for standard input");
    if (on("live") && on("ready"))
        return fault("--live, --ready (flags): only one of them");
    into.command = given.command;
    into.file = given.operand;
    into.keep_going = on("keep-going");
    into.ready = on("ready");
    return std::nullopt;
}

/// Sources that file or environment name one by one leave open which database is meant.
std::optional<config_error> check_one_database(const settings& all, command which) {
    const auto begin = std::string{info_of(which).name} + " (command): ";
    if (all.users.url != all.profiles.url || all.users.url != all.posts.url)
        return fault(begin + "users, profiles and posts come from different sources; name one database: --data URL");
    if (all.users.url.kind != source_kind::sqlite)
        return fault(begin + "works on a SQLite database, and people come from " + shown_value(all.users.url.text) +
                     "; name one: --data sqlite:PATH");
    return std::nullopt;
}

/// Only databases are made and filled.
void warn_of_seed(const settings& all, std::vector<std::string>& warnings) {
    const auto is_database = [](const source& each) { return each.url.kind == source_kind::sqlite; };
    if (all.seed && !is_database(all.users) && !is_database(all.profiles) && !is_database(all.posts))
        warnings.emplace_back("--seed has nothing to fill: it makes SQLite databases, and users, profiles and posts "
                              "all come over HTTP");
}

} // namespace

environment process_environment() {
    environment all;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text{*entry};
        if (const auto equals = text.find('='); equals != text.npos)
            all.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

std::string_view version() {
    return MUSTER_VERSION;
}

std::expected<parsed, config_error> parse(int argc, const char* const* argv, const environment& variables) {
    const auto split = split_flags(argc, argv);
    if (!split)
        return std::unexpected{fault(split.error())};
    const auto& given = *split;

    parsed result;
    if (given.help || given.command == command::help) {
        const auto* about = given.command == command::help ? find_command(given.operand) : nullptr;
        result.command = command::help;
        result.text = help_text(about ? about->which : given.command);
        return result;
    }
    if (given.version) {
        result.command = command::version;
        result.text = "muster " + std::string{version()} + '\n';
        return result;
    }

    if (auto wrong = apply_operand(result, given))
        return std::unexpected{std::move(*wrong)};
    auto& all = result.settings;
    if (const auto [name, where] = config_file(given, variables); !where.empty()) {
        if (auto wrong = apply_file(all, name, where))
            return std::unexpected{fault(std::move(*wrong))};
    }
    if (auto wrong = apply_variables(all, variables))
        return std::unexpected{std::move(*wrong)};
    if (auto wrong = apply_flags(all, given))
        return std::unexpected{std::move(*wrong)};

    if (works_on_database(result.command))
        if (auto wrong = check_one_database(all, given.command))
            return std::unexpected{std::move(*wrong)};

    if (result.command != command::health) // it is called every few seconds, and the server has said it
        result.warnings = unknown_variables(variables);
    if (result.command == command::serve) {
        if (auto wrong = check_policies(all))
            return std::unexpected{fault(std::move(*wrong))};
        warn_of_open_doors(all, result.warnings);
        warn_of_seed(all, result.warnings);
    }
    return result;
}

} // namespace muster::config
