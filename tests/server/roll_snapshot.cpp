// tests/server: see roll_snapshot.hpp.
#include "tests/server/roll_snapshot.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace muster::tests {

using namespace std::chrono_literals;
using namespace concurrency;

namespace {

constexpr time_point now{1000s};

void add(loop_record& loop, task_record task, std::vector<frame_record> stack) {
    task.first_frame = loop.frames.size();
    task.frames = stack.size();
    loop.frames.insert(loop.frames.end(), stack.begin(), stack.end());
    loop.tasks.push_back(std::move(task));
}

task_record task(std::uint64_t id, std::uint64_t parent, std::uint64_t root, task_kind kind, std::string name,
                 std::string ref, duration age) {
    task_record made;
    made.id = id;
    made.parent = parent;
    made.root = root;
    made.kind = kind;
    made.name = std::move(name);
    made.ref = std::move(ref);
    made.started_at = now - age;
    return made;
}

} // namespace

snapshot sample_snapshot() {
    auto zero = std::make_shared<loop_record>();
    zero->name = "loop-0";
    zero->taken_at = now;
    zero->counts = {.started = 20, .ended = 14, .live_frames = 9};
    zero->counts.of(task_kind::listener) = {.roots = 1, .tasks = 1};
    zero->counts.of(task_kind::connection) = {.roots = 2, .tasks = 2};
    zero->counts.of(task_kind::request) = {.roots = 1, .tasks = 3};
    auto listener = task(1, 0, 1, task_kind::listener, "127.0.0.1:8080", "", 100s);
    listener.waits_for = "i/o";
    add(*zero, std::move(listener), {{"task<void> muster::server::listener::run()", "server/listener.cpp", 56}});
    auto idle = task(4, 0, 4, task_kind::connection, "idle", "127.0.0.1:4001", 30s);
    idle.waits_for = "read";
    add(*zero, std::move(idle), {});
    auto busy = task(7, 0, 7, task_kind::connection, "answering", "127.0.0.1:4002", 2s);
    busy.waits_for = "children";
    add(*zero, std::move(busy), {});

    auto request = task(10, 7, 10, task_kind::request, "GET /user/{id}", "r-1", 1200ms);
    request.deadline = now + 3800ms;
    request.waits_for = "children";
    add(*zero, std::move(request),
        {{"task<response> muster::handlers::show_user(const request &)", "handlers/user_page.cpp", 31},
         {"task<response> muster::server::limited(const route &)", "server/dispatch.cpp", 29}});
    auto posts = task(13, 10, 10, task_kind::child, "", "", 1200ms);
    posts.deadline = now + 3800ms;
    posts.waits_for = "a worker";
    posts.resource = "posts";
    add(*zero, std::move(posts),
        {{"task<T> muster::upstream::sqlite_posts::latest(user_id, int) const", "/src/upstream/sqlite_source.cpp",
          88}});
    // Its parent is not in the snapshot: it hangs under its request.
    auto orphan = task(16, 14, 10, task_kind::child, "", "", 100ms);
    orphan.cancelled = cancel_cause::sibling_failed;
    orphan.cancelled_at = now - 5ms;
    add(*zero, std::move(orphan), {{"task<void> orphan()", "upstream/x.cpp", 7}});

    zero->abandoned.push_back({.id = 19,
                               .task = 5,
                               .root = 5,
                               .ref = "r-0",
                               .what = "a worker",
                               .resource = "posts",
                               .site = std::source_location::current(),
                               .started_at = now - 7s,
                               .abandoned_at = now - 2s,
                               .cause = cancel_cause::deadline_exceeded});

    auto admin = std::make_shared<loop_record>();
    admin->name = "admin";
    admin->taken_at = now;
    admin->counts = {.started = 1, .ended = 0, .live_frames = 1};
    admin->counts.of(task_kind::background) = {.roots = 1, .tasks = 1};
    auto watch = task(3, 0, 3, task_kind::background, "watch", "", 100s);
    watch.waits_for = "a timer";
    add(*admin, std::move(watch), {{"task<void> muster::server::watch::run()", "server/watch.cpp", 33}});

    return {.parts = {{"loop-0", zero}, {"loop-1", nullptr}, {"admin", admin}}};
}

} // namespace muster::tests
