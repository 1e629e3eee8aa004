// handlers/: an explanation as members of a problem document, and within another one. upstream/explanation.cpp reads
// what is written here.
#pragma once

#include "handlers/errors.hpp"
#include "views/json_writer.hpp"

namespace muster::handlers {

/// Into the object that `writer` has begun: "cause", "budget_ms", "elapsed_ms" and "children", each if it is known;
/// `minimal`: only the first two. A child is {"source":...,"state":...,"wait":...,"failure":...,"elapsed_ms":...,
/// "attempts":...,"upstream":{"status":...,"cause":...,...}}. Numbers are brought into the range that is read; what
/// stands deeper than one level below the deepest that is read is left out.
void append_members(views::json_writer& writer, const explanation& why, explain how = explain::full);

} // namespace muster::handlers
