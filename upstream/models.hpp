// upstream/: the floor of whatever a handler waits for. The models: plain values that every source yields alike,
// whether it is SQLite, PostgreSQL or another muster.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster::upstream {

/// A user's number: 1 .. 2^63-1. The handlers' floor has checked the text form.
enum class user_id : std::int64_t {};

/// Who somebody is. Text is UTF-8; times are seconds since the Unix epoch, UTC.
struct user {
    user_id id{};
    std::string name;
    std::string email;
    std::int64_t created_at = 0;

    friend bool operator==(const user&, const user&) = default;
};

/// What somebody says about themselves. A user may have none.
struct profile {
    user_id user{};
    std::string bio;
    std::string location;
    std::string website;  ///< empty, or an absolute http(s) URL
    std::string language; ///< a BCP 47 tag, e.g. "pt-BR"

    friend bool operator==(const profile&, const profile&) = default;
};

/// Something a user wrote.
struct post {
    std::int64_t id = 0;
    user_id author{};
    std::string title;
    std::string body;
    std::int64_t published_at = 0; ///< seconds since the Unix epoch, UTC

    friend bool operator==(const post&, const post&) = default;
};

/// A user with all that belongs to them: what is imported, exported and made up as one.
struct person {
    user who;
    std::optional<profile> about; ///< its `user` is who.id
    std::vector<post> posts;      ///< the `author` of each is who.id

    friend bool operator==(const person&, const person&) = default;
};

} // namespace muster::upstream
