// handlers/: cutting patterns and paths, and comparing them.
#include "handlers/path_pattern.hpp"

#include "handlers/percent.hpp"
#include "syntax/ascii.hpp"

#include <algorithm>
#include <stdexcept>

namespace muster::handlers {
namespace {

// Calls visit(segment) for each part between the slashes of a path that begins with one; "/" has one, empty.
template <class Visit>
void for_each_segment(std::string_view path, Visit visit) {
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto end = std::min(path.find('/'), path.size());
        visit(path.substr(0, end));
        path.remove_prefix(end);
    }
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (syntax::ascii_lower(c) >= 'a' && syntax::ascii_lower(c) <= 'z');
    });
}

} // namespace

path_segments::path_segments(std::string_view path) {
    if (path.empty() || path.front() != '/' || !percent_valid(path))
        return;
    valid_ = true;
    decoded_.reserve(path.size()); // never grows beyond: the views of it stay good
    for_each_segment(path, [this](std::string_view segment) {
        if (size_ < max_segments) {
            if (segment.find('%') == std::string_view::npos) {
                segments_[size_] = segment;
            } else {
                const auto begin = decoded_.size();
                append_percent_decoded(decoded_, segment);
                segments_[size_] = std::string_view{decoded_}.substr(begin);
            }
        }
        ++size_;
    });
}

path_pattern::path_pattern(std::string text) : text_(std::move(text)) {
    const auto refuse = [this](std::string_view why) {
        throw std::logic_error("route pattern \"" + text_ + "\": " + std::string(why));
    };
    if (text_.empty() || text_.front() != '/')
        refuse("must begin with '/'");
    std::size_t parameters = 0;
    for_each_segment(text_, [&](std::string_view part) {
        if (part.empty() && text_ != "/")
            refuse("has an empty segment");
        const bool parameter = part.size() >= 2 && part.front() == '{' && part.back() == '}';
        if (parameter) {
            part = part.substr(1, part.size() - 2);
            if (!is_name(part))
                refuse("a parameter's name is made of letters, digits and '_'");
            for (const auto& earlier : segments_)
                if (earlier.parameter && earlier.text == part)
                    refuse("has two parameters of one name");
            if (++parameters > path_parameters::capacity)
                refuse("has too many parameters");
        } else if (part.find_first_of("{}%?#") != std::string_view::npos) {
            refuse("a literal segment holds one of {}%?#");
        }
        segments_.push_back({std::string(part), parameter});
    });
    if (segments_.size() > max_segments)
        refuse("has too many segments");
}

bool path_pattern::matches(const path_segments& path) const noexcept {
    if (!path.valid() || path.size() != segments_.size())
        return false;
    for (std::size_t i = 0; i < segments_.size(); ++i)
        if (segments_[i].parameter ? path[i].empty() : path[i] != segments_[i].text)
            return false;
    return true;
}

path_parameters path_pattern::parameters(const path_segments& path) const {
    path_parameters found;
    for (std::size_t i = 0; i < segments_.size(); ++i)
        if (segments_[i].parameter)
            found.add(segments_[i].text, path[i]);
    return found;
}

bool path_pattern::wins_over(const path_pattern& other) const noexcept {
    if (segments_.size() != other.segments_.size())
        return false;
    for (std::size_t i = 0; i < segments_.size(); ++i)
        if (segments_[i].parameter != other.segments_[i].parameter)
            return other.segments_[i].parameter;
    return false;
}

bool path_pattern::same_paths(const path_pattern& other) const noexcept {
    return std::equal(segments_.begin(), segments_.end(), other.segments_.begin(), other.segments_.end(),
                      [](const segment& a, const segment& b) {
                          return a.parameter == b.parameter && (a.parameter || a.text == b.text);
                      });
}

} // namespace muster::handlers
