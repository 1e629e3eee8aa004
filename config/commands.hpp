// config/: the commands of muster: what each is called, takes and prints when asked for help. The keys that a command
// takes as flags are those of the one table (keys.hpp); what only one command knows stands here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace muster::config {

enum class command : std::uint8_t { serve, import_people, export_people, migrate, health, help, version };

/// A switch that one command takes, as a flag only: neither variable nor key of the file.
struct command_switch {
    std::string_view name; ///< "keep-going"
    std::string_view help; ///< lines separated by '\n'
};

struct command_info {
    command which;
    std::string_view name;    ///< "import"
    std::string_view operand; ///< what help calls the argument behind it: "FILE|-"; empty: it takes none
    bool operand_needed;
    std::span<const std::string_view> keys; ///< the keys it takes as flags; empty: all of them
    std::span<const command_switch> switches;
    std::string_view summary; ///< behind its name in the list of commands
    std::string_view text;    ///< the body of its help; empty: it is in the general help

    [[nodiscard]] bool takes(std::string_view key) const;
};

/// In the order of the help text; serve is the first.
[[nodiscard]] std::span<const command_info> commands();

/// Null when there is none.
[[nodiscard]] const command_info* find_command(std::string_view name);

/// Of a command that is in commands().
[[nodiscard]] const command_info& info_of(command which);

/// The one command that takes the switch `name`; null when there is none.
[[nodiscard]] const command_info* command_with_switch(std::string_view name);

/// "--data, --config and --keep-going"
[[nodiscard]] std::string flags_of(const command_info& which);

} // namespace muster::config
