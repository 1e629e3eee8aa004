// bench/fanout: who the upstream knows, and what every contestant has to answer about them, to the byte. Upstream, load
// and crowd make the same people from the same numbers, so that nothing has to be handed around.
#pragma once

#include <cstdint>
#include <string>

namespace muster::bench {

/// The documents of one person as muster's API writes them (views/documents.cpp), each with its newline; all ASCII and
/// without characters that some JSON writers escape and others do not.
struct person_documents {
    std::string user;    ///< GET /api/users/{id}, about 300 bytes
    std::string profile; ///< GET /api/users/{id}/profile, about 300 bytes
    std::string posts;   ///< GET /api/users/{id}/posts?limit=20, three posts
    std::string pair;    ///< {"user":{},"profile":{}}: the route of the benchmark with two fetches
    std::string page;    ///< {"user":{},"profile":{},"posts":[]}: GET /user/{id}, three fetches
};

/// Of the person with this id (positive).
[[nodiscard]] person_documents documents_of(std::int64_t id);

} // namespace muster::bench
