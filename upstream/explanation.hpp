// upstream/: why a request failed, as data. server makes one of every 502, 503 and 504, handlers writes it into the
// problem document (handlers/explanation_json), and here that of a far side is read, so that ours can carry it.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::upstream {

/// Of one server. Texts are words of the lists below, or names by is_plain_name(): nothing else may be in them. An
/// empty text, status 0 and zero attempts mean that nothing is known.
struct explanation {
    /// One task of the request that had not ended, or had failed, when it was given up.
    struct child {
        std::string source{};  ///< a source's name from the configuration, "posts"; else the task's
        std::string state{};   ///< one of states
        std::string wait{};    ///< one of waits: what for, if it waited
        std::string failure{}; ///< a failure's word, if it failed
        std::chrono::milliseconds elapsed{};
        unsigned attempts = 0;
        std::shared_ptr<const explanation> upstream{}; ///< the far side's own; may be null
    };

    int status = 0;      ///< 400 to 599
    std::string cause{}; ///< one of causes
    std::optional<std::chrono::milliseconds> budget{};
    std::optional<std::chrono::milliseconds> elapsed{};
    std::vector<child> children{};
};

/// By what they say, not by identity.
[[nodiscard]] bool operator==(const explanation& a, const explanation& b);
[[nodiscard]] bool operator==(const explanation::child& a, const explanation::child& b);

namespace explanations {

inline constexpr std::array<std::string_view, 8> causes{
    "deadline_exceeded", ///< the budget was used up
    "budget_too_small",  ///< the caller's own was, before the work began
    "source_failed",
    "source_timed_out", ///< it said so, before the budget was used up
    "overloaded",
    "max_buffered", ///< answers that are not read yet hold as much memory as they may
    "shutdown",
    "requested", ///< the program gave the request up
};
inline constexpr std::array<std::string_view, 5> states{"running", "waiting", "failed", "overloaded", "timed_out"};
inline constexpr std::array<std::string_view, 11> waits{"slot",  "name",     "connect", "read",  "write", "worker",
                                                        "timer", "children", "io",      "group", "other"};

inline constexpr std::size_t longest_text = 64 * 1024; ///< of a document that is looked at
inline constexpr std::size_t longest_name = 64;
inline constexpr std::size_t most_children = 16; ///< of one explanation
inline constexpr std::size_t most_in_all = 64;   ///< children, those of the explanations within included
inline constexpr int deepest = 4;                ///< explanations within each other that are read
inline constexpr std::chrono::hours longest_time{24 * 7};
inline constexpr unsigned most_attempts = 1'000'000;

} // namespace explanations

/// [A-Za-z0-9_.-]{1,64}
[[nodiscard]] constexpr bool is_plain_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= explanations::longest_name && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-';
    });
}

/// Of a problem document that a source answered: rebuilt from the fields that are known, within the limits above; what
/// is not known, out of range or too much is left out. Null if that leaves neither cause, budget, time nor child, or if
/// it is no JSON object. Any bytes may be given; throws std::bad_alloc only.
[[nodiscard]] std::shared_ptr<const explanation> read_explanation(std::string_view problem_json);

} // namespace muster::upstream
