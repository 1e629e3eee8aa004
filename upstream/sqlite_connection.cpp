// upstream/: reading connections. What SQLite refuses becomes source_failed here, and a hot journal is rolled back
// here.
#include "upstream/sqlite_connection.hpp"

#include "upstream/errors.hpp"

#include <chrono>
#include <sqlite3.h>

#include <utility>

namespace muster::upstream {

namespace {

// Detaches the flag on every way out: it belongs to the job, the connection stays.
struct stop_guard {
    explicit stop_guard(sqlite_database& guarded) : database(&guarded) {}

    stop_guard(const stop_guard&) = delete;
    stop_guard& operator=(const stop_guard&) = delete;

    ~stop_guard() { database->stop_when(nullptr); }

    sqlite_database* database;
};

} // namespace

void sqlite_connection::open_early() noexcept {
    try {
        database_ = std::make_unique<sqlite_database>(path_, sqlite_access::read_only);
        database_->limit_lock_wait(std::chrono::milliseconds(1));
        database_->query("PRAGMA user_version").next(); // the first read opens the write-ahead log as well
        database_->limit_lock_wait(std::chrono::milliseconds(0));
    } catch (const std::exception&) { // the first job meets the same, and reports it
        database_.reset();
    }
}

sqlite_database& sqlite_connection::opened(const std::atomic<bool>& stop) {
    if (!database_)
        database_ = std::make_unique<sqlite_database>(path_, sqlite_access::read_only);
    database_->stop_when(&stop);
    return *database_;
}

// The first read of a connection that may write finds the journal and plays it back; a lock that another reader holds
// for the same purpose is waited for under the job's flag.
void sqlite_connection::roll_back(const std::atomic<bool>& stop) {
    database_.reset();
    sqlite_database writer(path_, sqlite_access::read_write);
    if (!writer.writable())
        throw sqlite_error(SQLITE_READONLY_ROLLBACK,
                           "a killed writer left a journal, and the file may not be written to roll it back");
    writer.stop_when(&stop);
    writer.query("SELECT count(*) FROM sqlite_schema").next();
}

void sqlite_connection::run_job(const std::atomic<bool>& stop, const std::function<void(sqlite_database&)>& job) {
    const auto attempt = [&] {
        const stop_guard guard(opened(stop));
        job(*guard.database);
    };
    if (stop.load(std::memory_order_relaxed))
        throw job_interrupted{};
    try {
        try {
            attempt();
            return;
        } catch (const sqlite_error& error) {
            if (error.code() != SQLITE_READONLY_ROLLBACK)
                throw;
        }
        roll_back(stop);
        attempt();
    } catch (const sqlite_error& error) {
        // Whatever is wrong (a lost file, a full disk, a corrupt page), the next job starts with a new connection.
        database_.reset();
        throw source_failed(source_, error.what());
    }
}

void sqlite_connection_pool::open_early(std::size_t count) {
    const std::lock_guard lock(mutex_);
    idle_.reserve(made_ + count);
    for (std::size_t i = 0; i != count; ++i) {
        idle_.push_back(std::make_unique<sqlite_connection>(source_, path_));
        ++made_;
        idle_.back()->open_early();
    }
}

std::size_t sqlite_connection_pool::idle() const {
    const std::lock_guard lock(mutex_);
    return idle_.size();
}

std::unique_ptr<sqlite_connection> sqlite_connection_pool::take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
        idle_.reserve(made_ + 1); // so that giving back never allocates
        auto made = std::make_unique<sqlite_connection>(source_, path_);
        ++made_;
        return made;
    }
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
}

void sqlite_connection_pool::give_back(std::unique_ptr<sqlite_connection> connection) noexcept {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
}

} // namespace muster::upstream
