// tests of upstream/people_export.
#include "upstream/people_export.hpp"

#include "sqlite_files.hpp"
#include "upstream/database_file.hpp"
#include "upstream/sample_people.hpp"
#include "upstream/sqlite_schema.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <string>
#include <vector>

using namespace muster::upstream;
using namespace muster::upstream::test;

namespace {

std::vector<person> exported(const std::string& path) {
    std::vector<person> all;
    export_people(path, {}, [&](const person& each) { all.push_back(each); });
    return all;
}

std::string refusal(const std::string& path) {
    try {
        exported(path);
    } catch (const database_refused& error) {
        return error.what();
    }
    return "";
}

} // namespace

TEST_CASE("everybody is exported, and the database stays as it is") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, false, false);
    const auto before = content(path);
    CHECK(exported(path) == sample_people());
    CHECK(content(path) == before);
}

TEST_CASE("an export shows one moment, whatever is written meanwhile") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, false, false);
    std::size_t count = 0;
    export_people(path, {}, [&](const person&) {
        if (++count == 1)
            execute(path, "DELETE FROM users WHERE id > 10");
    });
    CHECK(count == 200);
    CHECK(exported(path).size() == 10);
}

TEST_CASE("what no line can say is refused, naming the person and the field") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, false, false);
    execute(path, "UPDATE posts SET published_at = 253402300800 WHERE author = 3");
    CHECK(refusal(path) ==
          path + ": user 3 cannot be written: posts[0].published_at is outside the years 0001 to 9999");
    execute(path, "UPDATE users SET name = CAST(x'ff' AS TEXT) WHERE id = 2");
    CHECK(refusal(path) == path + ": user 2 cannot be written: user.name is not valid UTF-8");
}

TEST_CASE("a database that is not there is refused and not made") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    CHECK(refusal(path) == path + ": there is no such file");
    CHECK(std::filesystem::is_empty(directory.path()));
    std::ofstream(path).close();
    CHECK(refusal(path) == path + ": the database has no tables");
}

TEST_CASE("an export ends when it is asked to") {
    const temporary_directory directory;
    const auto path = directory.file("a.db");
    prepare_database(path, false, false);
    int count = 0;
    CHECK_THROWS_AS(export_people(path, [&] { return count >= 5; }, [&](const person&) { ++count; }), job_interrupted);
    CHECK(count == 5);
}
