// bench/fanout: what the route of the benchmark answers: two documents in one, as views/ would write it.
#pragma once

#include "upstream/models.hpp"
#include "views/documents.hpp"

#include <string>

namespace muster::bench {

/// {"user":{...},"profile":{...}}. Views of the caller's values.
struct pair_document {
    const upstream::user& user;
    const upstream::profile& profile;
};

/// Appends one JSON value, without a newline.
inline void append_json(std::string& out, const pair_document& document) {
    out += R"({"user":)";
    views::append_json(out, document.user);
    out += R"(,"profile":)";
    views::append_json(out, document.profile);
    out += '}';
}

} // namespace muster::bench
