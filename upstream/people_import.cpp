// upstream/: see people_import.hpp.
#include "upstream/people_import.hpp"

#include "upstream/database_file.hpp"
#include "upstream/people_store.hpp"
#include "upstream/sqlite_schema.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace muster::upstream {

namespace {

/// The database, opened for writing and inside of a transaction. Unless commit() was called, the destructor rolls back.
/// The file is never removed, not even one that was made here: whoever else has it open would go on with a file without
/// a name, and delete the journal of the next one that bears it. An empty file counts as absent.
class target {
  public:
    target(const std::string& path, const std::function<bool()>& stop)
        : path_(path),
          log_found_(has_log(path)),
          database_(path, access_to(path)) {
        database_.limit_lock_wait(lock_wait);
        database_.stop_if(stop);
        database_.checkpoint_on_close(!log_found_);
        begin();
    }

    target(const target&) = delete;
    target& operator=(const target&) = delete;

    ~target() {
        if (!done_)
            roll_back();
    }

    sqlite_database& database() noexcept { return database_; }

    void commit() {
        refuse_moved(); // a write-ahead log would take the commit, and nobody would ever find it
        database_.execute("COMMIT");
        done_ = true;
        database_.checkpoint_on_close(true);
        if (made_) { // only now: until here a rollback leaves an empty file
            database_.stop_if({});
            try {
                log_ahead(database_);
            } catch (const sqlite_error&) { // somebody is in it already: it works without, too
            }
        }
    }

    /// Throws if the file is no more what its path names: what SQLite says of such a one is this and that.
    void refuse_moved() const {
        if (database_.has_moved())
            refuse_database(path_, "was removed, renamed or replaced meanwhile; nothing was changed");
    }

  private:
    static sqlite_access access_to(const std::string& path) {
        if (look_at(path) == file_kind::filled)
            return sqlite_access::read_write;
        make_directory_of(path);
        return sqlite_access::create;
    }

    void begin() {
        if (!database_.writable())
            refuse_database(path_, "may not be written");
        database_.execute("BEGIN IMMEDIATE");
        made_ = !has_tables(database_);
        if (made_)
            create_schema(database_);
        else
            check_schema(database_, path_);
    }

    void roll_back() noexcept {
        database_.stop_if({});
        try {
            database_.execute("ROLLBACK");
        } catch (const std::exception&) { // there is no transaction any more (a full disk)
        }
        try { // SQLite leaves what it could not roll back to whoever reads next
            static_cast<void>(has_tables(database_));
        } catch (const std::exception&) {
        }
    }

    std::string path_;
    bool made_ = false; ///< the tables were made here
    bool done_ = false;
    bool log_found_;
    sqlite_database database_;
};

class importer {
  public:
    importer(sqlite_database& database, const import_options& options) : store_(database), options_(options) {}

    void take(const line_reader::line& line, std::size_t longest) {
        if (!line.too_long && line.text.find_first_not_of(" \t\r") == line.text.npos)
            return;
        ++counts_.people;
        if (line.too_long)
            return report(line.number, {"", "is longer than " + std::to_string(longest) + " bytes"});
        auto parsed = parser_.parse(line.text);
        if (!parsed)
            return report(line.number, std::move(parsed.error()));
        // The order in which they are kept, so that the same posts in another order are the same.
        const auto positions = sort_posts(parsed->posts);
        const auto& who = *parsed;
        if (const auto seen = seen_.find(who.who.id); seen != seen_.end())
            return report(line.number, {"user.id", std::to_string(number(who.who.id)) + " stands in line " +
                                                       std::to_string(seen->second) + " already"});
        if (auto fault = take_posts(who, positions, line.number))
            return report(line.number, std::move(*fault));
        seen_.emplace(who.who.id, line.number);
        const bool robbed = taken_.erase(who.who.id) > 0; // what was taken from it, it gives up itself
        write(who, robbed);
    }

    /// Posts that were taken from people who came no more.
    void finish() {
        std::vector<bad_line> left;
        for (auto& [owner, lines] : taken_)
            std::ranges::move(lines, std::back_inserter(left));
        std::ranges::sort(left, {}, [](const bad_line& each) { return std::tie(each.number, each.why.field); });
        for (auto& each : left)
            report(each.number, std::move(each.why));
    }

    [[nodiscard]] const import_counts& counts() const noexcept { return counts_; }

  private:
    static std::int64_t number(user_id id) { return static_cast<std::int64_t>(id); }

    /// Sorts by id; where each was.
    static std::vector<std::size_t> sort_posts(std::vector<post>& posts) {
        std::vector<std::size_t> positions(posts.size());
        for (std::size_t i = 0; i < positions.size(); ++i)
            positions[i] = i;
        if (std::ranges::is_sorted(posts, {}, &post::id))
            return positions;
        std::ranges::sort(positions, {}, [&](std::size_t i) { return posts[i].id; });
        std::vector<post> sorted;
        sorted.reserve(posts.size());
        for (const auto i : positions)
            sorted.push_back(std::move(posts[i]));
        posts = std::move(sorted);
        return positions;
    }

    /// A post belongs to one person. One of somebody whose own line may still come is taken, and remembered; but when
    /// bad lines are passed over, what this line took could not be given back.
    std::optional<bad_field> take_posts(const person& who, const std::vector<std::size_t>& positions,
                                        std::uint64_t line) {
        std::vector<std::pair<user_id, bad_field>> taken;
        for (std::size_t i = 0; i < who.posts.size(); ++i) {
            const auto id = who.posts[i].id;
            const auto owner = store_.author_of(id);
            if (!owner || *owner == who.who.id)
                continue;
            const auto seen = seen_.find(*owner);
            bad_field fault{"posts[" + std::to_string(positions[i]) + "].id",
                            std::to_string(id) + " is a post of user " + std::to_string(number(*owner))};
            if (seen != seen_.end())
                fault.reason += ", in line " + std::to_string(seen->second);
            if (seen != seen_.end() || options_.keep_going)
                return fault;
            taken.emplace_back(*owner, std::move(fault));
        }
        if (taken.empty())
            return std::nullopt;
        for (const auto& each : who.posts)
            if (store_.author_of(each.id) != who.who.id)
                store_.remove_post(each.id);
        for (auto& [owner, fault] : taken)
            taken_[owner].push_back({line, std::move(fault)});
        return std::nullopt;
    }

    void write(const person& who, bool robbed) {
        const auto there = store_.find(who.who.id);
        if (there && *there == who) {
            ++(robbed ? counts_.replaced : counts_.unchanged);
            return;
        }
        store_.remove(who.who.id); // of a new one too: other hands may have left profile and posts of nobody
        store_.insert(who);
        ++(there ? counts_.replaced : counts_.added);
    }

    void report(std::uint64_t line, bad_field why) {
        ++counts_.bad;
        if (options_.on_bad)
            options_.on_bad({line, std::move(why)});
    }

    people_store store_;
    const import_options& options_;
    person_parser parser_;
    import_counts counts_;
    std::unordered_map<user_id, std::uint64_t> seen_; ///< in which line
    std::unordered_map<user_id, std::vector<bad_line>> taken_;
};

} // namespace

import_result import_people(const std::string& path, line_reader& lines, const import_options& options) {
    if (path.empty())
        throw database_refused("a database needs a path: sqlite:PATH");
    return explained(path, [&] {
        target into(path, options.stop);
        try {
            importer work(into.database(), options);
            while (const auto line = lines.next()) {
                into.database().throw_if_stopped();
                work.take(*line, lines.longest());
                if (options.on_line)
                    options.on_line(work.counts());
            }
            work.finish();
            into.database().throw_if_stopped();
            const bool good = work.counts().bad == 0 || options.keep_going;
            if (good)
                into.commit();
            return import_result{work.counts(), good};
        } catch (const sqlite_error&) {
            into.refuse_moved();
            throw;
        }
    });
}

} // namespace muster::upstream
