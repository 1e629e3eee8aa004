// upstream/: repositories on SQLite: one statement a question, offloaded; rows become models here.
#include "upstream/sqlite_source.hpp"

#include "concurrency/offload.hpp"
#include "upstream/errors.hpp"
#include "upstream/sqlite_connection.hpp"
#include "upstream/sqlite_schema.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace muster::upstream {

namespace {

using concurrency::offload;
using concurrency::stop_flag;

constexpr std::chrono::seconds retry_after{1};

// The job of one question. It owns the connections and the arguments: its awaiter may be gone before it ends.
template <class Question>
auto job(const sqlite_source& source, Question question) {
    return [connections = source.connections(), question = std::move(question)](const stop_flag& stop) {
        return connections->run(stop, question);
    };
}

// In a handler of std::exception: throws it again, as the contract names it.
[[noreturn]] void rethrow(const sqlite_source& source) {
    try {
        throw;
    } catch (const concurrency::worker_queue_full& error) {
        throw source_overloaded(source.connections()->source(), error.what(), retry_after);
    } catch (const concurrency::workers_abandoned& error) {
        throw source_overloaded(source.connections()->source(), error.what(), retry_after);
    }
}

user_id as_user_id(std::int64_t value) {
    return static_cast<user_id>(value);
}

} // namespace

sqlite_source::sqlite_source(const sqlite_settings& settings)
    : connections_(std::make_shared<sqlite_connection_pool>(settings.name, settings.path)),
      workers_(std::make_unique<concurrency::worker_pool>(settings.name, settings.workers, settings.queue)) {
    connections_->open_early(settings.workers);
}

concurrency::task<std::optional<user>> sqlite_users::find(user_id id) const {
    try {
        co_return co_await offload(source_.workers(), job(source_, [id](sqlite_database& database) {
                                       std::optional<user> found;
                                       auto row = database.query(statements::find_user);
                                       if (row.bind(static_cast<std::int64_t>(id)).next())
                                           found = user{as_user_id(row.integer(0)), row.text(1), row.text(2),
                                                        row.integer(3)};
                                       return found;
                                   }));
    } catch (const std::exception&) {
        rethrow(source_);
    }
}

concurrency::task<std::optional<profile>> sqlite_profiles::find(user_id id) const {
    try {
        co_return co_await offload(source_.workers(), job(source_, [id](sqlite_database& database) {
                                       std::optional<profile> found;
                                       auto row = database.query(statements::find_profile);
                                       if (row.bind(static_cast<std::int64_t>(id)).next())
                                           found = profile{as_user_id(row.integer(0)), row.text(1), row.text(2),
                                                           row.text(3), row.text(4)};
                                       return found;
                                   }));
    } catch (const std::exception&) {
        rethrow(source_);
    }
}

concurrency::task<std::vector<post>> sqlite_posts::latest(user_id author, int limit) const {
    const int most = std::max(limit, 0); // a negative limit means none at all to SQLite
    try {
        co_return co_await offload(source_.workers(), job(source_, [author, most](sqlite_database& database) {
                                       std::vector<post> found;
                                       auto row = database.query(statements::latest_posts);
                                       row.bind(static_cast<std::int64_t>(author)).bind(most);
                                       while (row.next())
                                           found.push_back({row.integer(0), as_user_id(row.integer(1)), row.text(2),
                                                            row.text(3), row.integer(4)});
                                       return found;
                                   }));
    } catch (const std::exception&) {
        rethrow(source_);
    }
}

} // namespace muster::upstream
