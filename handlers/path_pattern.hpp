// handlers/: the pattern of a route, "/api/users/{id}/posts", and the path of a request, both as segments.
#pragma once

#include "handlers/path_parameter.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muster::handlers {

/// The greatest number of segments of a pattern, so that a path is cut without allocating.
inline constexpr std::size_t max_segments = 16;

/// A request's path, cut at its slashes first and decoded afterwards: "%2F" is a slash inside a segment. Nothing is
/// normalised: empty and dot segments are segments like others. Views of the path that it was made from, or of itself.
class path_segments {
  public:
    explicit path_segments(std::string_view path);
    path_segments(const path_segments&) = delete;
    path_segments& operator=(const path_segments&) = delete;

    /// False if the path does not begin with '/' or holds a '%' that begins no escape.
    [[nodiscard]] bool valid() const noexcept { return valid_; }

    /// May be greater than max_segments: then only the count is known, and no pattern matches.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Decoded. Precondition: i < size() <= max_segments.
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept { return segments_[i]; }

  private:
    std::array<std::string_view, max_segments> segments_;
    std::size_t size_ = 0;
    bool valid_ = false;
    std::string decoded_; // of the segments that hold escapes
};

/// Literal segments and {name} segments.
class path_pattern {
  public:
    /// Throws std::logic_error, naming pattern and fault, if `text` is no pattern: it begins with '/', its segments are
    /// not empty (but for "/" itself), a parameter is a whole segment "{name}" of letters, digits and '_' that comes
    /// once, there are at most path_parameters::capacity of them, and literals hold none of {}%?#.
    explicit path_pattern(std::string text);

    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// A parameter takes any segment that is not empty.
    [[nodiscard]] bool matches(const path_segments& path) const noexcept;

    /// The parameters of a path that matches. Their names are views of this pattern.
    [[nodiscard]] path_parameters parameters(const path_segments& path) const;

    /// Whether this one is asked first where both match: a literal wins over a parameter, the first segment in which
    /// they differ decides. False for patterns of different lengths, which never match one path.
    [[nodiscard]] bool wins_over(const path_pattern& other) const noexcept;

    /// Whether both match the same paths, whatever their parameters are called.
    [[nodiscard]] bool same_paths(const path_pattern& other) const noexcept;

  private:
    struct segment {
        std::string text; // the literal, or the parameter's name
        bool parameter;
    };

    std::string text_;
    std::vector<segment> segments_;
};

} // namespace muster::handlers
