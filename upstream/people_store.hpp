// upstream/: people as rows of the database's three tables. Whoever calls keeps a transaction open.
#pragma once

#include "upstream/models.hpp"
#include "upstream/sqlite_database.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace muster::upstream {

/// Refers to the database. Everything throws what sqlite_database throws.
class people_store {
  public:
    explicit people_store(sqlite_database& database) : database_(database) {}

    /// Posts in the order of their ids.
    [[nodiscard]] std::optional<person> find(user_id id);

    /// All there are, in the order of their ids, one at a time. `each` must not use the store.
    void for_each(const std::function<void(const person&)>& each);

    /// `who` and its posts must not be there.
    void insert(const person& who);

    /// Does nothing if there is no such person.
    void remove(user_id id);

    /// Whose post that is.
    [[nodiscard]] std::optional<user_id> author_of(std::int64_t post_id);

    void remove_post(std::int64_t post_id);

  private:
    void complete(person& who);

    sqlite_database& database_;
};

} // namespace muster::upstream
