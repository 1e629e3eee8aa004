// upstream/: see person_parser.hpp. What is wrong with a person, be it in JSON or in a database, is said in the same
// words.
#include "upstream/person_parser.hpp"

#include "upstream/json_fault.hpp"
#include "upstream/person_json.hpp"
#include "upstream/person_rules.hpp"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace muster::upstream {

namespace {

namespace dom = simdjson::dom;

constexpr auto others = unknown_members::refused; // a mistyped field is no field that is left out

person read_person(dom::element value) {
    const json_place line;
    const auto [user_part, profile_part, posts_part] = members<3>(line, value, others, {"user", "profile", "posts"});
    const json_place user_place{&line, "user"};
    const json_place profile_place{&line, "profile"};
    const json_place posts_place{&line, "posts"};

    person read;
    if (!user_part)
        refuse(user_place, "is missing");
    read.who = read_user(user_place, *user_part, others);
    if (profile_part && !profile_part->is_null())
        read.about = read_profile(profile_place, read.who.id, *profile_part, others);
    if (posts_part) {
        if (!posts_part->is_array())
            refuse_type(posts_place, "a list", *posts_part);
        for (const auto each : dom::array(*posts_part))
            read.posts.push_back(
                read_post({.outer = &posts_place, .index = read.posts.size()}, read.who.id, each, others));
        post_ids ids;
        check_ids_differ(posts_place, read.posts, ids);
    }
    return read;
}

void check(const person& who) {
    const json_place line;
    const json_place user_place{&line, "user"};
    accept({&user_place, "id"}, static_cast<std::int64_t>(who.who.id) < 1 ? bad_id : "");
    accept({&user_place, "name"}, fault_of_text(who.who.name));
    accept({&user_place, "email"}, fault_of_text(who.who.email));
    accept({&user_place, "created_at"}, fault_of_time(who.who.created_at));
    if (who.about) {
        const json_place at{&line, "profile"};
        accept({&at, "bio"}, fault_of_text(who.about->bio));
        accept({&at, "location"}, fault_of_text(who.about->location));
        accept({&at, "website"}, fault_of_text(who.about->website));
        accept({&at, "website"}, fault_of_website(who.about->website));
        accept({&at, "language"}, fault_of_language(who.about->language));
    }
    const json_place posts_place{&line, "posts"};
    for (std::size_t i = 0; i < who.posts.size(); ++i) {
        const json_place at{.outer = &posts_place, .index = i};
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
    } catch (refused_field& found) {
        return std::unexpected(std::move(found.why));
    }
}

std::optional<bad_field> find_fault(const person& who) {
    try {
        check(who);
        return std::nullopt;
    } catch (refused_field& found) {
        return std::move(found.why);
    }
}

} // namespace muster::upstream
