// tests/support/test_server: a migration of the tests' own, since schema 1 is the first.
#pragma once

#include "upstream/sqlite_migrations.hpp"

#include <span>

namespace muster::tests {

/// From schema 1 to 2: every user and every post is written anew, and an index is made.
[[nodiscard]] std::span<const upstream::migration> migrations() noexcept;

} // namespace muster::tests
