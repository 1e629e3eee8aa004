// views/: the JSON documents of the API. A single resource is written exactly as it stands inside the fan-out's
// document, so that one muster can be another's upstream.
#pragma once

#include "upstream/models.hpp"

#include <optional>
#include <span>
#include <string>

namespace muster::views {

/// {"user":{...},"profile":{...}|null,"posts":[...]}. Views of the caller's values: it lives no longer than they do,
/// which is why it is meant to be written in the expression that makes it.
struct user_document {
    const upstream::user& user;
    const std::optional<upstream::profile>& profile;
    std::span<const upstream::post> posts;
};

/// Each appends one JSON value to `out`, without a newline. Ids are exact integers, times RFC 3339 in UTC or null.
void append_json(std::string& out, const user_document& document);
void append_json(std::string& out, const upstream::user& user);            ///< {id, name, email, created_at}
void append_json(std::string& out, const upstream::profile& profile);      ///< {bio, location, website, language}
void append_json(std::string& out, std::span<const upstream::post> posts); ///< [{id, title, body, published_at}, ...]

} // namespace muster::views
