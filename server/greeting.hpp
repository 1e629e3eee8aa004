// server/: the first lines of a start: what is served where, from which sources, and what to try.
#pragma once

#include "config/settings.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace muster::server {

struct greeting_facts {
    std::vector<std::string> listening; ///< addresses as they were bound
    std::optional<std::string> admin;   ///< none: no admin listener
    std::size_t loops = 1;
    bool sample_people = false; ///< the default database was made and filled just now
};

/// Lines that end with a newline. No password is shown. Pure.
[[nodiscard]] std::string greeting(const config::settings& settings, const greeting_facts& facts);

} // namespace muster::server
