// handlers/: GET /debug/tasks.
#include "handlers/debug_tasks.hpp"

#include "handlers/accept.hpp"
#include "handlers/limit.hpp"
#include "handlers/problem.hpp"

#include <utility>

namespace muster::handlers {
namespace {

constexpr int default_limit = 1'000;

} // namespace

concurrency::task<response> debug_tasks::operator()(const request& request) const {
    const auto limit = limit_of(request, default_limit, greatest_roll_limit);
    if (!limit)
        co_return bad_request(request, bad_limit(greatest_roll_limit));
    const auto format = request.query("format");
    if (format && *format != "json" && *format != "text")
        co_return bad_request(request, "format must be json or text");

    const bool json = format ? *format == "json" : wants_json(request);
    auto body = json ? co_await roll_.json(*limit) : co_await roll_.text(*limit);
    auto made = answer(200, json ? content_types::json : content_types::text, std::move(body), "no-store");
    made.headers.add("Vary", "Accept");
    co_return made;
}

} // namespace muster::handlers
