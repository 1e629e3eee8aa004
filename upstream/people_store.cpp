// upstream/: see people_store.hpp.
#include "upstream/people_store.hpp"

#include "upstream/sqlite_schema.hpp"

#include <utility>

namespace muster::upstream {

namespace {

std::int64_t number(user_id id) {
    return static_cast<std::int64_t>(id);
}

user read_user(const sqlite_query& row) {
    return {user_id{row.integer(0)}, row.text(1), row.text(2), row.integer(3)};
}

} // namespace

// Profile and posts of whom `who.who` names.
void people_store::complete(person& who) {
    const auto id = number(who.who.id);
    {
        auto row = database_.query(statements::find_profile);
        if (row.bind(id).next())
            who.about = profile{who.who.id, row.text(1), row.text(2), row.text(3), row.text(4)};
    }
    auto row = database_.query("SELECT id, title, body, published_at FROM posts WHERE author = ?1 ORDER BY id");
    row.bind(id);
    while (row.next())
        who.posts.push_back({row.integer(0), who.who.id, row.text(1), row.text(2), row.integer(3)});
}

std::optional<person> people_store::find(user_id id) {
    person found;
    {
        auto row = database_.query(statements::find_user);
        if (!row.bind(number(id)).next())
            return std::nullopt;
        found.who = read_user(row);
    }
    complete(found);
    return found;
}

void people_store::for_each(const std::function<void(const person&)>& each) {
    auto row = database_.query("SELECT id, name, email, created_at FROM users ORDER BY id");
    while (row.next()) {
        person found;
        found.who = read_user(row);
        complete(found);
        each(found);
    }
}

void people_store::insert(const person& who) {
    const auto id = number(who.who.id);
    database_.query("INSERT INTO users (id, name, email, created_at) VALUES (?1, ?2, ?3, ?4)")
        .bind(id)
        .bind(who.who.name)
        .bind(who.who.email)
        .bind(who.who.created_at)
        .next();
    if (who.about)
        database_.query("INSERT INTO profiles (user_id, bio, location, website, language) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(id)
            .bind(who.about->bio)
            .bind(who.about->location)
            .bind(who.about->website)
            .bind(who.about->language)
            .next();
    for (const auto& written : who.posts)
        database_.query("INSERT INTO posts (id, author, title, body, published_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(written.id)
            .bind(id)
            .bind(written.title)
            .bind(written.body)
            .bind(written.published_at)
            .next();
}

void people_store::remove(user_id id) {
    for (const auto* sql : {"DELETE FROM posts WHERE author = ?1", "DELETE FROM profiles WHERE user_id = ?1",
                            "DELETE FROM users WHERE id = ?1"})
        database_.query(sql).bind(number(id)).next();
}

std::optional<user_id> people_store::author_of(std::int64_t post_id) {
    auto row = database_.query("SELECT author FROM posts WHERE id = ?1");
    if (!row.bind(post_id).next())
        return std::nullopt;
    return user_id{row.integer(0)};
}

void people_store::remove_post(std::int64_t post_id) {
    database_.query("DELETE FROM posts WHERE id = ?1").bind(post_id).next();
}

} // namespace muster::upstream
