// config/: the table of a source's policies, beside the table of keys: how much of it may be used, for how long and how
// it is asked. Each belongs to one kind of source, or to both.
#pragma once

#include "config/keys.hpp"
#include "config/settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace muster::config {

struct policy {
    std::string_view name;  ///< "connections": --source posts.connections=32, "posts": {"connections": 32} in the file
    std::string_view value; ///< what help calls the value: "N"
    std::string_view usual; ///< the default as help shows it
    std::string_view help;  ///< lines separated by '\n'
    file_kind kind;
    std::optional<source_kind> of; ///< the one kind of source that has it; nothing: all have
    complaint (*apply)(source_policy&, std::string_view raw);

    [[nodiscard]] bool is_of(source_kind which) const { return !of || *of == which; }
};

/// In the order of the help text.
[[nodiscard]] std::span<const policy> policies();

/// Null when there is none.
[[nodiscard]] const policy* find_policy(std::string_view name);

/// "workers, queue and idle": all, or those of one kind.
[[nodiscard]] std::string names_of_policies(std::optional<source_kind> of = std::nullopt);

/// Sets `name` ("workers") of `source_name` ("posts"). Whether a source of its kind has that is not known yet, since
/// its URL may come later; `given_as` ("--source posts.workers=8 (flag)") is kept for check_policies().
[[nodiscard]] complaint apply_policy(settings& into, std::string_view source_name, std::string_view name,
                                     std::string_view raw, std::string given_as);

/// Of settings that are complete: the line that says which policy does not belong to its source, or does not go with
/// another; nothing when all is well.
[[nodiscard]] std::optional<std::string> check_policies(const settings& all);

} // namespace muster::config
