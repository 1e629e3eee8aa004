// config/: CLI11 splits the command line; it sees neither defaults nor types, which the table of keys knows.
#include "config/flags.hpp"

#include "config/commands.hpp"
#include "config/keys.hpp"
#include "config/scalar.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace muster::config {
namespace {

std::unexpected<std::string> refuse(std::string why) {
    return std::unexpected{std::move(why)};
}

std::string no_such_command(const std::string& word) {
    std::vector<std::string> names;
    std::string list;
    for (const auto& each : commands()) {
        names.emplace_back(each.name);
        list += (list.empty() ? "" : ", ") + std::string{each.name};
    }
    const auto meant = nearest(word, names);
    return shown_value(word) + " (command): no such command; " +
           (meant.empty() ? "there are " + list : "did you mean " + meant + '?');
}

/// What CLI11 did not recognise: the command, which must come first, and what stands behind it; or an error.
std::optional<std::string> take_extras(const std::vector<std::string>& extras, flags& into) {
    std::vector<std::string> names{"help", "version"};
    for (const auto& group : key_groups())
        for (const auto& each : group.keys)
            names.emplace_back(each.name);
    for (const auto& each : commands())
        for (const auto& option : each.switches)
            names.emplace_back(option.name);
    for (std::size_t i = 0; i < extras.size(); ++i) {
        const auto& word = extras[i];
        if (word.size() > 1 && word.starts_with('-')) {
            const auto name = word.substr(0, word.find('='));
            const auto meant = nearest(name.substr(std::min(name.find_first_not_of('-'), name.size())), names);
            return shown_value(word) + " (flag): no such flag" +
                   (meant.empty() ? "; muster --help lists them" : "; did you mean --" + meant + '?');
        }
        if (i == 0) {
            const auto* known = find_command(word);
            if (!known)
                return no_such_command(word);
            into.command = known->which;
        } else if (i > 1 || info_of(into.command).operand.empty()) {
            return shown_value(word) + " (argument): not expected after " + shown_value(extras[i - 1]);
        } else if (into.command == command::help && !find_command(word)) {
            return no_such_command(word);
        } else if (word.empty()) {
            return "\"\" (argument): must be " + std::string{info_of(into.command).operand};
        } else {
            into.operand = word;
        }
    }
    return std::nullopt;
}

/// The first flag that the command does not take, as an error.
std::optional<std::string> check_flags(const flags& given) {
    const auto& info = info_of(given.command);
    for (const auto& [name, values] : given.values)
        if (!info.takes(name))
            return "--" + std::string{name} + " (flag): muster " + std::string{info.name} + " takes only " +
                   flags_of(info);
    for (const auto& name : given.switches)
        if (const auto* owner = command_with_switch(name); owner->which != given.command)
            return "--" + std::string{name} + " (flag): only muster " + std::string{owner->name} + " takes it";
    return std::nullopt;
}

} // namespace

std::expected<flags, std::string> split_flags(int argc, const char* const* argv) {
    std::vector<std::string> arguments;
    for (int i = 1; i < argc; ++i)
        arguments.emplace_back(argv[i]);
    for (const auto& argument : arguments) // CLI11 would take the next argument as the value of "--data="
        if (argument.starts_with("--") && argument.ends_with('=') &&
            find_key(std::string_view{argument}.substr(2, argument.size() - 3)))
            return refuse(argument + " (flag): has no value");
    const auto last = arguments.empty() ? std::string{} : arguments.back();
    std::ranges::reverse(arguments); // as CLI11 wants them

    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    const auto* help = app.add_flag("-h,--help");
    const auto* version = app.add_flag("--version");
    std::vector<std::pair<std::string_view, const CLI::Option*>> options;
    for (const auto& group : key_groups()) {
        for (const auto& each : group.keys) {
            const auto name = "--" + std::string{each.name};
            auto* option = each.is_switch()
                               ? app.add_flag(name)
                               : app.add_option(name, CLI::callback_t{[](const CLI::results_t&) { return true; }});
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
            options.emplace_back(each.name, option);
        }
    }
    std::vector<std::pair<std::string_view, const CLI::Option*>> switches;
    for (const auto& each : commands())
        for (const auto& one : each.switches)
            switches.emplace_back(one.name, app.add_flag("--" + std::string{one.name}));
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::ParseError&) {
        return refuse(shown_value(last) + " (flag): has no value"); // nothing else is CLI11's to find wrong
    }
    for (const auto& [name, option] : options) // CLI11 takes whatever comes next as a value, even the next flag
        for (const auto& value : option->results())
            if (value.starts_with("--") && find_key(std::string_view{value}.substr(2, value.find('=') - 2)))
                return refuse("--" + std::string{name} + " (flag): has no value");

    flags result;
    if (auto wrong = take_extras(app.remaining(), result))
        return refuse(*std::move(wrong));
    result.help = help->count() > 0;
    result.version = version->count() > 0;
    for (const auto& [name, option] : options)
        if (option->count() > 0)
            result.values.emplace(name, option->results());
    for (const auto& [name, option] : switches) {
        if (option->count() == 0)
            continue;
        const auto on = parse_switch(option->results().back());
        if (!on)
            return refuse("--" + std::string{name} + '=' + shown_value(option->results().back()) +
                          " (flag): " + on.error());
        if (*on)
            result.switches.insert(name);
    }
    if (auto wrong = check_flags(result))
        return refuse(*std::move(wrong));
    return result;
}

} // namespace muster::config
