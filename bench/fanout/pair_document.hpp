// bench/fanout: what the route of the benchmark answers: two documents in one, as views/ would write it.
#pragma once

#include "upstream/models.hpp"
#include "views/documents.hpp"

#include <cstddef>
#include <string>

namespace muster::bench {

/// {"user":{...},"profile":{...}}. Views of the caller's values.
struct pair_document {
    const upstream::user& user;
    const upstream::profile& profile;
};

/// Appends one JSON value, without a newline.
inline void append_json(std::string& out, const pair_document& document) {
    constexpr std::size_t frames =
        400; // punctuation, names, numbers and times; with the texts it sizes the buffer once
    const auto& [user, profile] = document;
    out.reserve(out.size() + frames + user.name.size() + user.email.size() + profile.bio.size() +
                profile.location.size() + profile.website.size() + profile.language.size());
    out += R"({"user":)";
    views::append_json(out, user);
    out += R"(,"profile":)";
    views::append_json(out, profile);
    out += '}';
}

} // namespace muster::bench
