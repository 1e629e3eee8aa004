// handlers/: header fields, of requests and of answers. One string holds them as they stand on the wire, so that a list
// costs one allocation and an answer is written by copying it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::handlers {

/// An ordered list; a name may come several times. Views that it hands out hold until the next add() or its end.
class header_list {
  public:
    header_list() = default;

    /// Appends a field. The value is trimmed; a CR, LF or NUL in it becomes a space, so that no value can begin a field
    /// of its own. Throws std::invalid_argument if the name is no token (RFC 9110, section 5.6.2).
    void add(std::string_view name, std::string_view value);

    /// The first value of that name (case is ignored), or nothing.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

    /// Calls `visit(name, value)` for each field in order.
    template <class Visit>
    void for_each(Visit&& visit) const {
        std::string_view rest = lines_;
        while (const auto next = take_field(rest))
            visit(next->name, next->value);
    }

    /// "Name: value\r\n" of every field, ready to be sent.
    [[nodiscard]] const std::string& lines() const noexcept { return lines_; }

  private:
    struct field {
        std::string_view name;
        std::string_view value;
    };

    static std::optional<field> take_field(std::string_view& rest) noexcept;

    std::string lines_;
};

} // namespace muster::handlers
