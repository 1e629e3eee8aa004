// handlers/: what the {name} segments of a route stood for, and how their text becomes a typed value.
#pragma once

#include "upstream/models.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace muster::handlers {

/// How a T is read from a decoded path segment: specialise with `static std::optional<T> parse(std::string_view)`.
template <class T>
struct path_parameter;

template <>
struct path_parameter<std::string> {
    static std::optional<std::string> parse(std::string_view text) { return std::string(text); }
};

/// [1-9][0-9]{0,18}, up to 2^63-1: one text per id, so that no two URLs name the same user.
template <>
struct path_parameter<upstream::user_id> {
    static std::optional<upstream::user_id> parse(std::string_view text) noexcept;
};

/// What a client is told of an id that is none.
inline constexpr const char* bad_user_id =
    "id must be a positive integer (at most 9223372036854775807, no leading zeros)";

/// The parameters of one match, in place. Names are views of the route's pattern (or literals) and outlive this.
class path_parameters {
  public:
    static constexpr std::size_t capacity = 4; ///< what one pattern may hold; the router refuses more

    /// Precondition: size() < capacity.
    void add(std::string_view name, std::string_view decoded) {
        names_[size_] = name;
        values_[size_++] = decoded;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// The decoded segment, or null if the route has no parameter of that name.
    [[nodiscard]] const std::string* find(std::string_view name) const noexcept {
        for (std::size_t i = 0; i < size_; ++i)
            if (names_[i] == name)
                return &values_[i];
        return nullptr;
    }

  private:
    std::array<std::string_view, capacity> names_;
    std::array<std::string, capacity> values_;
    std::size_t size_ = 0;
};

} // namespace muster::handlers
