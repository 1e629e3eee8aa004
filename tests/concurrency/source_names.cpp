// tests of concurrency/source_names.hpp.
#include "concurrency/source_names.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace muster::concurrency;

TEST_CASE("a coroutine's name is shown without types, parameters and namespaces") {
    CHECK(tidy_function("task<int> leaf(loop &, int)") == "leaf");
    CHECK(tidy_function("muster::concurrency::task<std::optional<muster::upstream::user>> "
                        "muster::upstream::sqlite_users::find(user_id) const") == "sqlite_users::find");
    CHECK(tidy_function("task<void> muster::(anonymous namespace)::waits(duration)") == "waits");
    CHECK(tidy_function("muster::concurrency::task<int> muster::handlers::found(task<std::optional<T>>) [T = int]") ==
          "found");
    CHECK(tidy_function("task<response> muster::handlers::user_page::operator()(const request &) const") ==
          "user_page::operator()");
    CHECK(tidy_function("void leaf(leaf(loop&, int)::_Z4leafR4loopi.Frame*)") == "leaf");
    CHECK(tidy_file("/home/x/muster/upstream/sqlite_source.cpp") == "upstream/sqlite_source.cpp");
    CHECK(tidy_file("tests/concurrency/task.cpp") == "tests/concurrency/task.cpp");
    CHECK(tidy_file("/usr/include/x.h") == "/usr/include/x.h");
}
