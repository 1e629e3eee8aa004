// tests/support/test_server: see migrations.hpp.
#include "tests/support/test_server/migrations.hpp"

namespace muster::tests {

namespace {

constexpr upstream::migration steps[] = {
    {2, "ALTER TABLE users ADD COLUMN shown TEXT NOT NULL DEFAULT '';"
        "UPDATE users SET shown = id || ' ' || upper(name);"
        "ALTER TABLE posts ADD COLUMN words INTEGER NOT NULL DEFAULT 0;"
        "UPDATE posts SET words = 1 + length(body) - length(replace(body, ' ', ''));"
        "CREATE INDEX posts_by_words ON posts (words, id)"},
};

} // namespace

std::span<const upstream::migration> migrations() noexcept {
    return steps;
}

} // namespace muster::tests
