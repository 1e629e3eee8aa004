// upstream/: the fields of people in a JSON tree, one by one and by the rules: what an import's lines and the bodies of
// a source over HTTP have in common. For the .cpp files that read these two.
#pragma once

#include "upstream/models.hpp"
#include "upstream/person_parser.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::upstream {

/// Where in the JSON a value is; a chain of frames on the stack, written out only for a complaint.
struct json_place {
    const json_place* outer = nullptr;
    std::string_view name{};
    std::size_t index = 0;

    [[nodiscard]] std::string text() const;
};

/// Thrown out of however deep the reading is; leaves no parser.
struct refused_field {
    bad_field why;
};

[[noreturn]] void refuse(const json_place& at, std::string_view reason);

/// Throws if there is a fault: a phrase of person_rules.
void accept(const json_place& at, std::string_view fault);

/// "must be a list, not null"
[[noreturn]] void refuse_type(const json_place& at, std::string_view wanted, simdjson::dom::element found);

/// What becomes of a member that the format does not know. One that it knows may never be there twice.
enum class unknown_members : std::uint8_t { refused, ignored };

/// The members of an object by their names; nothing for those that are absent. simdjson's tree keeps the members as
/// they were written, so that a name that stands twice is seen.
template <std::size_t N>
std::array<std::optional<simdjson::dom::element>, N> members(const json_place& at, simdjson::dom::element value,
                                                             unknown_members others,
                                                             const std::array<std::string_view, N>& names) {
    if (!value.is_object())
        refuse_type(at, "an object", value);
    std::array<std::optional<simdjson::dom::element>, N> found;
    for (const auto [name, member] : simdjson::dom::object(value)) {
        const auto known = std::ranges::find(names, name);
        const json_place here{.outer = &at, .name = name.empty() ? "\"\"" : name.substr(0, 64)};
        if (known == names.end()) {
            if (others == unknown_members::refused)
                refuse(here, "is no field of this format");
            continue;
        }
        auto& slot = found[static_cast<std::size_t>(known - names.begin())];
        if (slot)
            refuse(here, "is there twice");
        slot = member;
    }
    return found;
}

/// Each throws refused_field for what is not as models.hpp promises.
[[nodiscard]] user read_user(const json_place& at, simdjson::dom::element value, unknown_members others);
[[nodiscard]] profile read_profile(const json_place& at, user_id of, simdjson::dom::element value,
                                   unknown_members others);
[[nodiscard]] post read_post(const json_place& at, user_id of, simdjson::dom::element value, unknown_members others);

/// Ids of posts, each with its place among them.
using post_ids = std::vector<std::pair<std::int64_t, std::size_t>>;

/// Throws refused_field if two of the posts, which are those at `at`, have one id. `ids` is scratch, whose memory is
/// used again.
void check_ids_differ(const json_place& at, const std::vector<post>& posts, post_ids& ids);

} // namespace muster::upstream
