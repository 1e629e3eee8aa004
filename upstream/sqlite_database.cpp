// upstream/: the SQLite C API in one place. Whatever a call may wait for (a lock, an endless query) hears the stop
// flag.
#include "upstream/sqlite_database.hpp"

#include <poll.h>
#include <sqlite3.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace muster::upstream {

namespace {

constexpr int steps_between_looks = 1000;
constexpr int lock_poll_ms = 5;

// A path that starts like one can never be taken for ":memory:", for a URI or for the temporary database "".
std::string as_file(const std::string& path) {
    return path.starts_with('/') ? path : "./" + path;
}

int open_flags(sqlite_access access) {
    switch (access) {
    case sqlite_access::read_only:
        return SQLITE_OPEN_READONLY;
    case sqlite_access::read_write:
        return SQLITE_OPEN_READWRITE;
    case sqlite_access::create:
        return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    }
    return SQLITE_OPEN_READONLY;
}

std::string describe(sqlite3* handle, int code) {
    std::string text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    const int primary = code & 0xff;
    // The system's reason is kept for opening; of reading and writing the extended code tells which call it was.
    const int system = handle != nullptr && primary == SQLITE_CANTOPEN ? sqlite3_system_errno(handle) : 0;
    if (system != 0)
        text += std::string(" (") + std::strerror(system) + ")";
    if (primary == SQLITE_IOERR)
        text += " (SQLite code " + std::to_string(code) + ")";
    if (code == SQLITE_IOERR_SHMSIZE) // SQLite says nothing of why; it is the one write that every reader needs
        text += ": there is no room for the -shm file beside it; make some on that file system";
    return text;
}

} // namespace

// --- sqlite_query

sqlite_query::~sqlite_query() {
    // Reset repeats the error of the last step, which has been thrown already.
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

sqlite_query& sqlite_query::bind(std::int64_t value) {
    database_.check(sqlite3_bind_int64(statement_, ++bound_, value));
    return *this;
}

sqlite_query& sqlite_query::bind(std::string_view value) {
    // An empty view may have no address, which SQLite would store as NULL.
    const char* data = value.empty() ? "" : value.data();
    database_.check(sqlite3_bind_text64(statement_, ++bound_, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

bool sqlite_query::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        return false;
    database_.fail(code);
}

void sqlite_query::expect(int column, int type) const {
    const int found = sqlite3_column_type(statement_, column);
    if (found == type)
        return;
    constexpr const char* names[] = {"?", "an integer", "a real number", "text", "a blob", "null"};
    throw sqlite_error(SQLITE_MISMATCH, std::string("corrupt row: column ") + sqlite3_column_name(statement_, column) +
                                            " holds " + names[std::clamp(found, 0, 5)] + " instead of " + names[type]);
}

std::int64_t sqlite_query::integer(int column) const {
    expect(column, SQLITE_INTEGER);
    return sqlite3_column_int64(statement_, column);
}

std::string sqlite_query::text(int column) const {
    expect(column, SQLITE_TEXT);
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (data == nullptr)
        throw std::bad_alloc();
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

// --- sqlite_database

void sqlite_database::closer::operator()(sqlite3* handle) const noexcept {
    sqlite3_close_v2(handle);
}

void sqlite_database::finalizer::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

sqlite_database::sqlite_database(const std::string& path, sqlite_access access) {
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(as_file(path).c_str(), &handle, open_flags(access) | SQLITE_OPEN_NOMUTEX, nullptr);
    handle_.reset(handle); // also of a failed open, which is to be closed too
    if (code != SQLITE_OK)
        fail(handle != nullptr ? sqlite3_extended_errcode(handle) : code);
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_progress_handler(handle, steps_between_looks, &on_progress, this);
    sqlite3_busy_handler(handle, &on_busy, this);
}

sqlite_database::~sqlite_database() = default;

int sqlite_database::on_progress(void* self) noexcept {
    return static_cast<sqlite_database*>(self)->stopped() ? 1 : 0;
}

int sqlite_database::on_busy(void* self, int tries) noexcept {
    const auto& database = *static_cast<sqlite_database*>(self);
    const auto waited = std::chrono::milliseconds(lock_poll_ms) * tries;
    if (database.lock_limit_.count() > 0 && waited >= database.lock_limit_)
        return 0;
    // Most locks are held for microseconds: look again soon at first.
    ::poll(nullptr, 0, tries < 2 ? 1 : lock_poll_ms);
    return database.stopped() ? 0 : 1;
}

void sqlite_database::check(int code) const {
    if (code != SQLITE_OK)
        fail(code);
}

void sqlite_database::fail(int code) const {
    const int primary = code & 0xff;
    if (primary == SQLITE_NOMEM)
        throw std::bad_alloc();
    if (stopped() && (primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY))
        throw job_interrupted{};
    throw sqlite_error(code, describe(handle_.get(), code));
}

sqlite_query sqlite_database::query(std::string_view sql) {
    for (const auto& [text, statement] : statements_) {
        if (text == sql) {
            assert(sqlite3_stmt_busy(statement.get()) == 0);
            return {*this, statement.get()};
        }
    }
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    std::unique_ptr<sqlite3_stmt, finalizer> owned(statement);
    check(code);
    statements_.emplace_back(std::string(sql), std::move(owned));
    return {*this, statement};
}

void sqlite_database::execute(const std::string& sql) {
    check(sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

bool sqlite_database::writable() const {
    return sqlite3_db_readonly(handle_.get(), "main") == 0;
}

bool sqlite_database::has_moved() const {
    int moved = 0;
    const int code = sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return code == SQLITE_OK && moved != 0; // a file system that cannot tell says NOTFOUND
}

void sqlite_database::checkpoint_on_close(bool on) {
    check(sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr));
}

} // namespace muster::upstream
