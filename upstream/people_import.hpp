// upstream/: many people at once into a database, all or nothing. The work of `muster import`; what it reads from and
// what is told on the way are the caller's.
#pragma once

#include "upstream/line_reader.hpp"
#include "upstream/person_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace muster::upstream {

/// What a line may be long; longer ones are bad.
inline constexpr std::size_t longest_person_line = std::size_t{8} * 1024 * 1024;

struct import_counts {
    std::uint64_t people = 0; ///< lines that were not empty
    std::uint64_t added = 0;
    std::uint64_t replaced = 0;
    std::uint64_t unchanged = 0; ///< there already, the same in all
    std::uint64_t bad = 0;
};

struct bad_line {
    std::uint64_t number; ///< from 1
    bad_field why;
};

struct import_options {
    bool keep_going = false;                           ///< pass over bad lines and import the others
    std::function<bool()> stop;                        ///< asked every few milliseconds: end, and change nothing?
    std::function<void(const bad_line&)> on_bad;       ///< each of them, nearly in order
    std::function<void(const import_counts&)> on_line; ///< after each line
};

struct import_result {
    import_counts counts;
    bool changed; ///< false: a line was bad, and nothing was changed
};

/// Imports all `lines` into the database at `path`, which is made if it is absent (no file, an empty one, one without
/// tables), in one transaction. A person that is there is replaced whole, with its posts; one that is the same is not
/// written. Bad are: what person_parser refuses, an id that came in an earlier line, and a post whose id is that of
/// somebody else's post: of an earlier line, or of a person in the database whom this input does not replace (with
/// keep_going: has not replaced so far).
/// The write lock is held from the first line to the last; readers of a write-ahead database read on. It remembers the
/// ids it has seen: about 60 bytes a person.
/// Throws database_refused (also when the file is removed, renamed or replaced before the commit), job_interrupted and
/// what the lines' source throws; then nothing was changed, but a file that was absent is an empty one.
import_result import_people(const std::string& path, line_reader& lines, const import_options& options);

} // namespace muster::upstream
