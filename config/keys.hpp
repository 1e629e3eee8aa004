// config/: the one table of everything that can be set. File, environment and flags differ only in how they are split
// into names and raw values; what a value means, and when it is wrong, stands here once.
#pragma once

#include "config/settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace muster::config {

enum class origin { file, variable, flag };

/// A phrase that says what is wrong and what to write; nothing when all is well.
using complaint = std::optional<std::string>;

/// What a value has to be in the file. In the environment and as flags all are text.
enum class file_kind {
    text,
    number,
    number_or_off, ///< a number, or the text "off"
    boolean,
    texts, ///< one text or a list of them; a list separated by commas in the environment; a repeatable flag
    none,  ///< cannot stand in the file
};

struct key {
    std::string_view name;  ///< "read-timeout": --read-timeout, MUSTER_READ_TIMEOUT and "read-timeout" in the file
    std::string_view value; ///< what help calls the value: "DURATION"; empty for a switch
    std::string_view usual; ///< the default as help shows it; empty: none
    std::string_view help;  ///< lines separated by '\n'
    file_kind kind;
    complaint (*apply)(settings&, std::string_view raw, origin from);
    void (*begin)(settings&) = nullptr; ///< called before the first value of one origin, which replaces earlier lists

    [[nodiscard]] bool is_switch() const { return value.empty(); }
};

struct key_group {
    std::string_view title;
    std::span<const key> keys;
};

/// All keys in the order of the help text, which is also the order of application: what is special ("users") comes
/// after what is general ("data").
[[nodiscard]] std::span<const key_group> key_groups();

/// Null when there is none.
[[nodiscard]] const key* find_key(std::string_view name);

/// MUSTER_READ_TIMEOUT for "read-timeout".
[[nodiscard]] std::string variable_of(std::string_view name);

/// The one of `known` that `word` is probably meant to be: at most two letters wrong. Empty when there is none.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> known);

} // namespace muster::config
