// tests/conformance: whether what came is what a vector expects; the same as verdict.py says. Pure: data in, words out.
#pragma once

#include "tests/conformance/vectors.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::tests::conformance {

/// After the answers of a vector that keeps its connection these two are asked, and each gets exactly one 200. The
/// first is a HEAD, so that a request left half-read in the server that swallows it shows by its body.
inline constexpr std::string_view probe = "HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                          "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What came on one connection. Times are virtual, from its first byte.
struct seen {
    enum class ending : std::uint8_t { open, closed, reset };

    std::string data{};
    std::vector<std::pair<std::size_t, std::chrono::milliseconds>> arrivals{}; ///< length of data then, when
    ending end = ending::open;
    std::chrono::milliseconds ended_at{};
    std::chrono::milliseconds sent_at{};
    bool probed = false;
};

/// How many of the statuses the tokens take from the front, and whether every mandatory token found its own; nothing
/// when a status fits none.
struct matched {
    std::size_t taken = 0;
    bool complete = false;
};

[[nodiscard]] std::optional<matched> match(const std::vector<token>& tokens, const std::vector<int>& statuses);

/// Empty when one of the vector's alternatives came, else what was expected and what came.
[[nodiscard]] std::string judge(const vector& v, const seen& what, std::chrono::milliseconds read_timeout);

} // namespace muster::tests::conformance
