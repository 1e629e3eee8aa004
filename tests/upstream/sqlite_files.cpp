// tests/upstream: see sqlite_files.hpp.
#include "sqlite_files.hpp"

#include "upstream/database_file.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace muster::upstream::test {

using namespace std::chrono_literals;

void execute(const std::string& path, const std::string& sql) {
    sqlite_database database(path, sqlite_access::create);
    database.execute(sql);
}

std::int64_t number(const std::string& path, const std::string& sql) {
    sqlite_database database(path, sqlite_access::read_only);
    auto query = database.query(sql);
    query.next();
    return query.integer(0);
}

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void with_patience(const std::function<void()>& work) {
    for (int tries = 0;; ++tries) {
        const auto start = std::chrono::steady_clock::now();
        try {
            return work();
        } catch (const database_refused& error) {
            const bool locked = std::string(error.what()).find("is locked by another process") != std::string::npos;
            if (!locked || std::chrono::steady_clock::now() - start < lock_wait - 1s || tries == 10)
                throw;
        }
    }
}

other_process::other_process(const std::string& path, const std::string& sql)
    : other_process([&] {
          auto* database = new sqlite_database(path, sqlite_access::create); // never closed: the process is killed
          database->execute(sql);
      }) {}

other_process::other_process(const std::function<void()>& work) {
    int ready[2];
    if (::pipe(ready) != 0)
        throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
        char answer = 'n';
        try {
            work();
            answer = 'y';
            static_cast<void>(!::write(ready[1], &answer, 1));
            for (;;)
                ::pause();
        } catch (const std::exception&) {
            static_cast<void>(!::write(ready[1], &answer, 1));
        }
        ::_exit(1);
    }
    ::close(ready[1]);
    char answer = 'n';
    static_cast<void>(!::read(ready[0], &answer, 1));
    ::close(ready[0]);
    if (answer != 'y') {
        kill();
        throw std::runtime_error("the other process failed");
    }
}

void other_process::kill() {
    if (pid_ <= 0)
        return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void make_torn_database(const std::string& path) {
    execute(path, "CREATE TABLE numbers (n INTEGER PRIMARY KEY, text TEXT NOT NULL);"
                  "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 2000)"
                  "INSERT INTO numbers SELECT n, 'old' || hex(zeroblob(100)) FROM count;");
    // A cache of two pages spills each dirty page into the file before the commit, after syncing the journal.
    other_process writer(path, "PRAGMA cache_size = 2; PRAGMA cache_spill = 1; BEGIN;"
                               "UPDATE numbers SET text = 'new' || hex(zeroblob(100));");
    writer.kill();
    if (content(path).find("new0000") == std::string::npos)
        throw std::runtime_error("the writer has not spilled");
}

void delayed_stop::set_after(std::chrono::milliseconds delay) {
    thread_ = std::thread([this, delay] {
        std::this_thread::sleep_for(delay);
        set_at_.store(std::chrono::steady_clock::now());
        flag.store(true);
    });
}

std::chrono::steady_clock::duration delayed_stop::since() const {
    return std::chrono::steady_clock::now() - set_at_.load();
}

bool soon_once(std::chrono::milliseconds limit, const std::function<std::chrono::steady_clock::duration()>& attempt) {
    for (int i = 0; i != 30; ++i) {
        if (attempt() < limit)
            return true;
    }
    return false;
}

} // namespace muster::upstream::test
