// config/: how a value that was read becomes a setting, or its complaint: for the tables of keys and of policies.
#pragma once

#include "config/keys.hpp"

#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace muster::config {

/// Puts the value into `target`, as its type; or returns why there is none.
template <typename T, typename Target>
complaint store(std::expected<T, std::string> value, Target& target) {
    if (!value)
        return std::move(value.error());
    target = static_cast<Target>(*std::move(value));
    return std::nullopt;
}

} // namespace muster::config
