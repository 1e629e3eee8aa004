// server/: the roll as data: whose tasks are whose, what is shown and what is left out. roll_text and roll_json say the
// same of it.
#pragma once

#include "concurrency/leaks.hpp"
#include "concurrency/registry.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace muster::server {

/// A task and the tasks it waits for. Views of the snapshot.
struct roll_entry {
    const concurrency::task_record* task = nullptr;
    const concurrency::loop_record* loop = nullptr;
    std::string peer; ///< of the connection, for a request
    std::vector<roll_entry> children;
};

struct roll_abandoned {
    const concurrency::abandoned_operation* operation = nullptr;
    const concurrency::loop_record* loop = nullptr;
    concurrency::verdict verdict = concurrency::verdict::ok;
    std::string sentence;
};

/// By the loops' own counts, so that they are true however little of it the snapshot holds. Loops that did not answer
/// are not in them.
struct roll_totals {
    std::size_t requests = 0;
    std::size_t request_tasks = 0; ///< the requests' own and all below them
    std::size_t connections = 0;
    std::size_t listeners = 0;
    std::size_t background = 0;       ///< everything else
    std::size_t background_roots = 0; ///< of those, the ones that are no child
    std::size_t abandoned = 0;
    std::size_t live = 0;
    std::size_t left_out = 0; ///< live, and not in the sections below
};

struct roll_model {
    roll_totals totals;
    std::vector<roll_entry> requests; ///< oldest first, in every section
    std::vector<roll_entry> background;
    std::vector<roll_entry> listeners;
    std::vector<roll_entry> connections;
    std::vector<roll_abandoned> abandoned;
    std::vector<std::string> silent; ///< loops that did not answer
    std::size_t limit = 0;
};

/// At most `limit` tasks in all, requests with their children first. A task whose parent is not in the snapshot hangs
/// under its request. `taken` outlives the model.
[[nodiscard]] roll_model make_roll(const concurrency::snapshot& taken, std::size_t limit);

// What both forms say of one task.
[[nodiscard]] std::string name_of(const roll_entry& entry);

/// One word for programs: "cancelled", "about to run", "read" or "write" (it waits for its peer; for a source that has
/// a name it is "waiting"), "waiting".
[[nodiscard]] std::string_view state_word(const concurrency::task_record& task) noexcept;

/// "waits for a worker of posts", "waits to write", "about to run",
/// "waits for read of posts, attempt 2, 180 bytes out, 0 in"
[[nodiscard]] std::string state_of(const concurrency::task_record& task);

[[nodiscard]] std::string place_of(const concurrency::frame_record& frame); ///< "upstream/sqlite_source.cpp:88"

} // namespace muster::server
