// upstream/: see person_json.hpp. simdjson tells whole numbers from others, and takes nothing that is not UTF-8.
#include "upstream/person_json.hpp"

#include "upstream/person_rules.hpp"

#include <iterator>

namespace muster::upstream {

namespace {

namespace dom = simdjson::dom;

std::string_view kind_of(dom::element value) {
    switch (value.type()) {
    case dom::element_type::ARRAY:
        return "a list";
    case dom::element_type::OBJECT:
        return "an object";
    case dom::element_type::STRING:
        return "a text";
    case dom::element_type::BOOL:
        return "true or false";
    case dom::element_type::NULL_VALUE:
        return "null";
    default:
        return "a number";
    }
}

dom::element needed(const json_place& at, const std::optional<dom::element>& value) {
    if (!value)
        refuse(at, "is missing");
    return *value;
}

std::string text(const json_place& at, const std::optional<dom::element>& value) {
    const auto found = needed(at, value);
    if (!found.is_string())
        refuse_type(at, "a text", found);
    const std::string_view view = found.get_string().value_unsafe();
    accept(at, view.contains('\0') ? "holds a NUL (U+0000)" : ""); // UTF-8 it is already
    return std::string(view);
}

std::int64_t id(const json_place& at, const std::optional<dom::element>& value) {
    const auto found = needed(at, value);
    if (!found.is_number())
        refuse_type(at, "a whole number", found);
    if (!found.is_int64() || found.get_int64().value_unsafe() < 1)
        refuse(at, bad_id);
    return found.get_int64().value_unsafe();
}

std::int64_t time(const json_place& at, const std::optional<dom::element>& value) {
    const auto found = needed(at, value);
    if (!found.is_string())
        refuse_type(at, "a time in quotes", found);
    const auto moment = parse_time(found.get_string().value_unsafe());
    if (!moment)
        refuse(at, bad_time);
    return *moment;
}

} // namespace

std::string json_place::text() const {
    const auto before = outer == nullptr ? std::string{} : outer->text();
    if (name.empty())
        return outer == nullptr ? before : before + '[' + std::to_string(index) + ']';
    return before.empty() ? std::string(name) : before + '.' + std::string(name);
}

void refuse(const json_place& at, std::string_view reason) {
    throw refused_field{{at.text(), std::string(reason)}};
}

void accept(const json_place& at, std::string_view fault) {
    if (!fault.empty())
        refuse(at, fault);
}

void refuse_type(const json_place& at, std::string_view wanted, dom::element found) {
    refuse(at, "must be " + std::string(wanted) + ", not " + std::string(kind_of(found)));
}

user read_user(const json_place& at, dom::element value, unknown_members others) {
    const auto [number, name, email, created_at] = members<4>(at, value, others, {"id", "name", "email", "created_at"});
    return {.id = user_id{id({&at, "id"}, number)},
            .name = text({&at, "name"}, name),
            .email = text({&at, "email"}, email),
            .created_at = time({&at, "created_at"}, created_at)};
}

profile read_profile(const json_place& at, user_id of, dom::element value, unknown_members others) {
    const auto [bio, location, website, language] =
        members<4>(at, value, others, {"bio", "location", "website", "language"});
    profile read{.user = of,
                 .bio = text({&at, "bio"}, bio),
                 .location = text({&at, "location"}, location),
                 .website = text({&at, "website"}, website),
                 .language = text({&at, "language"}, language)};
    accept({&at, "website"}, fault_of_website(read.website));
    accept({&at, "language"}, fault_of_language(read.language));
    return read;
}

post read_post(const json_place& at, user_id of, dom::element value, unknown_members others) {
    const auto [number, title, body, published_at] =
        members<4>(at, value, others, {"id", "title", "body", "published_at"});
    return {.id = id({&at, "id"}, number),
            .author = of,
            .title = text({&at, "title"}, title),
            .body = text({&at, "body"}, body),
            .published_at = time({&at, "published_at"}, published_at)};
}

void check_ids_differ(const json_place& at, const std::vector<post>& posts, post_ids& ids) {
    ids.clear();
    ids.reserve(posts.size());
    for (std::size_t i = 0; i < posts.size(); ++i)
        ids.emplace_back(posts[i].id, i);
    std::ranges::sort(ids);
    const auto twice = std::ranges::adjacent_find(ids, {}, [](const auto& each) { return each.first; });
    if (twice == ids.end())
        return;
    const json_place later{.outer = &at, .index = std::next(twice)->second};
    const json_place first{.outer = &at, .index = twice->second};
    refuse({&later, "id"}, std::to_string(twice->first) + " is also that of " + first.text());
}

} // namespace muster::upstream
