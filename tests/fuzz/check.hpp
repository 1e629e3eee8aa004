// tests/fuzz: how a target says that what it looks at is not as it has to be: loudly, and by ending the process, which
// is what libFuzzer takes for a finding.
#pragma once

#include <string>
#include <string_view>

namespace muster::fuzz {

/// `bytes` in one line: \r, \n, \xNN.
[[nodiscard]] std::string shown(std::string_view bytes);

/// Says what is wrong, and what else is of use, each in a line; ends the process.
[[noreturn]] void fail(std::string_view what, std::string_view more = {}, std::string_view and_more = {});

inline void require(bool well, std::string_view otherwise, std::string_view more = {}, std::string_view and_more = {}) {
    if (!well) {
        fail(otherwise, more, and_more);
    }
}

} // namespace muster::fuzz
