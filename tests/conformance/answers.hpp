// tests/conformance: what muster said, read strictly: status lines, fields, bodies of exactly their length.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::tests::conformance {

struct answer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields; ///< lower-case names
    std::string body;
    std::size_t ends = 0; ///< in all that came

    [[nodiscard]] bool interim() const { return status < 200; }

    /// All values as one list; nothing if there is no such field.
    [[nodiscard]] std::optional<std::string> value(std::string_view lower_name) const;

    [[nodiscard]] bool says_close() const { return value("connection") == "close"; }

    /// What is wrong with it, whatever was asked; empty: nothing.
    [[nodiscard]] std::string problems() const;
};

struct heard {
    std::vector<answer> answers;
    std::size_t rest = 0; ///< bytes that are no whole answer yet
    std::string wrong;    ///< why nothing more can be read; empty: more may come

    [[nodiscard]] std::size_t finals() const;
};

/// `heads`: numbers, from 1 and without interim answers, of those that answer a HEAD.
[[nodiscard]] heard read_answers(std::string_view data, const std::set<std::size_t>& heads);

} // namespace muster::tests::conformance
