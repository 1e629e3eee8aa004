// tests/conformance: the vectors as data, for the runner in-process. Reads the same files as vectors.py and refuses the
// same mistakes (mistakes.txt holds both to it); README.md describes the format.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace muster::tests::conformance {

/// what(): "FILE:LINE: what".
class mistake : public std::runtime_error {
  public:
    mistake(const std::string& file, std::size_t line, const std::string& what)
        : std::runtime_error(file + ":" + std::to_string(line) + ": " + what) {}
};

/// One expected answer: "400|5xx", "100?", "timeout 408".
struct token {
    std::vector<std::string> patterns;
    bool optional = false;
    bool timeout = false;

    [[nodiscard]] bool fits(int status) const;

    [[nodiscard]] bool interim() const { return patterns.front().front() == '1'; }

    [[nodiscard]] std::string text() const;
};

struct alternative {
    std::vector<token> tokens;
    bool kept = false;
    bool end_by_timeout = false; ///< closed without a word, by the timeout

    [[nodiscard]] std::size_t finals() const;
    [[nodiscard]] std::string text() const;
};

/// A part of the stream: bytes to send (`times` over), or a status to wait for.
struct part {
    std::string bytes;
    std::size_t times = 1;
    bool repeated = false;
    int wait = 0; ///< not 0: nothing to send
};

struct numbered {
    std::size_t answer = 0; ///< from 1, interim ones not counted
    std::string name;
    std::optional<std::string> value;
};

struct vector {
    std::string id;
    std::string file;
    std::size_t line = 0;
    std::string why;
    std::vector<std::string> rules;
    std::vector<part> stream;
    bool half_close = false;
    std::string only;
    std::vector<alternative> answers;
    std::set<std::size_t> heads;
    std::vector<numbered> fields;
    std::vector<numbered> no_fields;
    std::vector<numbered> bodies;

    /// Every part in a form that depends on nothing but what was read; the same as in vectors.py.
    [[nodiscard]] std::string canonical() const;

    /// 64-bit FNV-1a of canonical(), in hexadecimal.
    [[nodiscard]] std::string digest() const;
};

/// Throws mistake.
[[nodiscard]] std::vector<vector> parse(std::string_view text, const std::string& file);

/// All files of the folder, by name. Throws mistake.
[[nodiscard]] std::vector<vector> read_all(const std::filesystem::path& folder);

/// Like the vectors: printable ASCII and escapes, at most `most` bytes of it.
[[nodiscard]] std::string escaped(std::string_view bytes, std::size_t most = 200);

} // namespace muster::tests::conformance
