// upstream/: see person_parser.hpp. simdjson's tree keeps the members of an object as they were written, so that a
// name that stands twice is seen; it tells whole numbers from others, and takes nothing that is not UTF-8.
#include "upstream/person_parser.hpp"

#include "upstream/json_fault.hpp"
#include "upstream/person_rules.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace muster::upstream {

namespace {

namespace dom = simdjson::dom;

// Where in the line a value is; a chain of frames on the stack, written out only for a complaint.
struct place {
    const place* outer = nullptr;
    std::string_view name{};
    std::size_t index = 0;

    [[nodiscard]] std::string text() const {
        const auto before = outer == nullptr ? std::string{} : outer->text();
        if (name.empty())
            return outer == nullptr ? before : before + '[' + std::to_string(index) + ']';
        return before.empty() ? std::string(name) : before + '.' + std::string(name);
    }
};

// Thrown inside of this file, out of however deep the reading is.
struct refused {
    bad_field why;
};

[[noreturn]] void refuse(const place& at, std::string_view reason) {
    throw refused{{at.text(), std::string(reason)}};
}

void accept(const place& at, std::string_view fault) {
    if (!fault.empty())
        refuse(at, fault);
}

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

[[noreturn]] void refuse_type(const place& at, std::string_view wanted, dom::element found) {
    refuse(at, "must be " + std::string(wanted) + ", not " + std::string(kind_of(found)));
}

// The members of an object by their names; nothing for those that are absent.
template <std::size_t N>
std::array<std::optional<dom::element>, N> members(const place& at, dom::element value,
                                                   const std::array<std::string_view, N>& names) {
    if (!value.is_object())
        refuse_type(at, "an object", value);
    std::array<std::optional<dom::element>, N> found;
    for (const auto [name, member] : dom::object(value)) {
        const auto known = std::ranges::find(names, name);
        const place here{.outer = &at, .name = name.empty() ? "\"\"" : name.substr(0, 64)};
        if (known == names.end())
            refuse(here, "is no field of this format");
        auto& slot = found[static_cast<std::size_t>(known - names.begin())];
        if (slot)
            refuse(here, "is there twice");
        slot = member;
    }
    return found;
}

dom::element needed(const place& at, const std::optional<dom::element>& value) {
    if (!value)
        refuse(at, "is missing");
    return *value;
}

std::string text(const place& at, const std::optional<dom::element>& value) {
    const auto found = needed(at, value);
    if (!found.is_string())
        refuse_type(at, "a text", found);
    const std::string_view view = found.get_string().value_unsafe();
    accept(at, view.contains('\0') ? "holds a NUL (U+0000)" : ""); // UTF-8 it is already
    return std::string(view);
}

std::int64_t id(const place& at, const std::optional<dom::element>& value) {
    const auto found = needed(at, value);
    if (!found.is_number())
        refuse_type(at, "a whole number", found);
    if (!found.is_int64() || found.get_int64().value_unsafe() < 1)
        refuse(at, bad_id);
    return found.get_int64().value_unsafe();
}

std::int64_t time(const place& at, const std::optional<dom::element>& value) {
    const auto found = needed(at, value);
    if (!found.is_string())
        refuse_type(at, "a time in quotes", found);
    const auto moment = parse_time(found.get_string().value_unsafe());
    if (!moment)
        refuse(at, bad_time);
    return *moment;
}

user read_user(const place& at, dom::element value) {
    const auto [number, name, email, created_at] = members<4>(at, value, {"id", "name", "email", "created_at"});
    return {.id = user_id{id({&at, "id"}, number)},
            .name = text({&at, "name"}, name),
            .email = text({&at, "email"}, email),
            .created_at = time({&at, "created_at"}, created_at)};
}

profile read_profile(const place& at, user_id of, dom::element value) {
    const auto [bio, location, website, language] = members<4>(at, value, {"bio", "location", "website", "language"});
    profile read{.user = of,
                 .bio = text({&at, "bio"}, bio),
                 .location = text({&at, "location"}, location),
                 .website = text({&at, "website"}, website),
                 .language = text({&at, "language"}, language)};
    accept({&at, "website"}, fault_of_website(read.website));
    accept({&at, "language"}, fault_of_language(read.language));
    return read;
}

post read_post(const place& at, user_id of, dom::element value) {
    const auto [number, title, body, published_at] = members<4>(at, value, {"id", "title", "body", "published_at"});
    return {.id = id({&at, "id"}, number),
            .author = of,
            .title = text({&at, "title"}, title),
            .body = text({&at, "body"}, body),
            .published_at = time({&at, "published_at"}, published_at)};
}

// The posts' ids in order, each with its place among the posts.
std::vector<std::pair<std::int64_t, std::size_t>> ids_of(const std::vector<post>& posts) {
    std::vector<std::pair<std::int64_t, std::size_t>> ids;
    ids.reserve(posts.size());
    for (std::size_t i = 0; i < posts.size(); ++i)
        ids.emplace_back(posts[i].id, i);
    std::ranges::sort(ids);
    return ids;
}

void check_ids_differ(const place& at, const std::vector<post>& posts) {
    const auto ids = ids_of(posts);
    const auto twice = std::ranges::adjacent_find(ids, {}, [](const auto& each) { return each.first; });
    if (twice == ids.end())
        return;
    const place later{.outer = &at, .index = std::next(twice)->second};
    refuse({&later, "id"},
           std::to_string(twice->first) + " is also that of posts[" + std::to_string(twice->second) + ']');
}

person read_person(dom::element value) {
    const place line;
    const auto [user_part, profile_part, posts_part] = members<3>(line, value, {"user", "profile", "posts"});
    const place user_place{&line, "user"};
    const place profile_place{&line, "profile"};
    const place posts_place{&line, "posts"};

    person read;
    read.who = read_user(user_place, needed(user_place, user_part));
    if (profile_part && !profile_part->is_null())
        read.about = read_profile(profile_place, read.who.id, *profile_part);
    if (posts_part) {
        if (!posts_part->is_array())
            refuse_type(posts_place, "a list", *posts_part);
        for (const auto each : dom::array(*posts_part))
            read.posts.push_back(read_post({.outer = &posts_place, .index = read.posts.size()}, read.who.id, each));
        check_ids_differ(posts_place, read.posts);
    }
    return read;
}

void check(const person& who) {
    const place line;
    const place user_place{&line, "user"};
    accept({&user_place, "id"}, static_cast<std::int64_t>(who.who.id) < 1 ? bad_id : "");
    accept({&user_place, "name"}, fault_of_text(who.who.name));
    accept({&user_place, "email"}, fault_of_text(who.who.email));
    accept({&user_place, "created_at"}, fault_of_time(who.who.created_at));
    if (who.about) {
        const place at{&line, "profile"};
        accept({&at, "bio"}, fault_of_text(who.about->bio));
        accept({&at, "location"}, fault_of_text(who.about->location));
        accept({&at, "website"}, fault_of_text(who.about->website));
        accept({&at, "website"}, fault_of_website(who.about->website));
        accept({&at, "language"}, fault_of_language(who.about->language));
    }
    const place posts_place{&line, "posts"};
    for (std::size_t i = 0; i < who.posts.size(); ++i) {
        const place at{.outer = &posts_place, .index = i};
        accept({&at, "id"}, who.posts[i].id < 1 ? bad_id : "");
        accept({&at, "title"}, fault_of_text(who.posts[i].title));
        accept({&at, "body"}, fault_of_text(who.posts[i].body));
        accept({&at, "published_at"}, fault_of_time(who.posts[i].published_at));
    }
}

} // namespace

struct person_parser::parts {
    dom::parser json;
    std::vector<char> padded; // simdjson reads beyond the end of what it parses
};

person_parser::person_parser() : parts_(std::make_unique<parts>()) {}

person_parser::~person_parser() = default;

std::expected<person, bad_field> person_parser::parse(std::string_view line) {
    if (line.starts_with("\xef\xbb\xbf"))
        return std::unexpected(
            bad_field{"", "begins with a byte order mark, which may stand at the file's start only"});
    if (line.contains('\0'))
        return std::unexpected(bad_field{"", "holds a NUL byte"});
    auto& [json, padded] = *parts_;
    if (padded.size() < line.size() + simdjson::SIMDJSON_PADDING)
        padded.resize(line.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(padded.data(), line.data(), line.size());
    dom::element root;
    const auto error = json.parse(padded.data(), line.size(), false).get(root);
    if (error == simdjson::MEMALLOC)
        throw std::bad_alloc();
    if (error != simdjson::SUCCESS)
        return std::unexpected(find_json_fault(line));
    try {
        return read_person(root);
    } catch (refused& found) {
        return std::unexpected(std::move(found.why));
    }
}

std::optional<bad_field> find_fault(const person& who) {
    try {
        check(who);
        return std::nullopt;
    } catch (refused& found) {
        return std::move(found.why);
    }
}

} // namespace muster::upstream
