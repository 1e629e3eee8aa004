// upstream/: see people_export.hpp.
#include "upstream/people_export.hpp"

#include "upstream/database_file.hpp"
#include "upstream/people_store.hpp"
#include "upstream/person_parser.hpp"
#include "upstream/sqlite_schema.hpp"

namespace muster::upstream {

void export_people(const std::string& path, const std::function<bool()>& stop,
                   const std::function<void(const person&)>& each) {
    if (look_at(path) == file_kind::absent)
        refuse_database(path, "there is no such file");
    explained(path, [&] {
        const bool log_found = has_log(path);
        sqlite_database database(path, sqlite_access::read_write); // for a journal that a killed writer left
        database.checkpoint_on_close(!log_found);
        database.limit_lock_wait(lock_wait);
        database.stop_if(stop);
        database.execute("BEGIN");
        if (!has_tables(database))
            refuse_database(path, "the database has no tables");
        check_schema(database, path);
        people_store(database).for_each([&](const person& who) {
            database.throw_if_stopped();
            if (const auto fault = find_fault(who))
                refuse_database(path, "user " + std::to_string(static_cast<std::int64_t>(who.who.id)) +
                                          " cannot be written: " + fault->field + ' ' + fault->reason);
            each(who);
        });
    });
}

} // namespace muster::upstream
