// handlers/: what handlers throw, for the floor above, which turns it into a status: the failures of the sources are
// part of what a handler says, and server sees no more of upstream than this.
#pragma once

#include "upstream/errors.hpp" // IWYU pragma: export

namespace muster::handlers {

using upstream::failure;
using upstream::not_found;
using upstream::source_error;
using upstream::source_failed;
using upstream::source_overloaded;
using upstream::source_timed_out;

} // namespace muster::handlers
