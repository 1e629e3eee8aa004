// tests of handlers/: a request through the router to its handler, under its route's limit, as dispatch would send it;
// without a server, and errors are thrown, not mapped.
#pragma once

#include "concurrency/deadline.hpp"
#include "concurrency/task.hpp"
#include "handlers/header_list.hpp"
#include "handlers/refusal.hpp"
#include "handlers/request.hpp"
#include "handlers/router.hpp"
#include "handlers/target.hpp"

#include <string>
#include <utility>

namespace muster::tests {

/// The request's id is "r-1". The router outlives the task.
inline concurrency::task<handlers::response> ask(const handlers::router& router, std::string method, std::string target,
                                                 handlers::header_list headers = {}) {
    const std::string path(handlers::parse_target(target).value().path);
    auto found = router.resolve(handlers::parse_method(method), path);
    if (found.kind != handlers::resolution::outcome::match)
        co_return handlers::refusal(found, "r-1");
    const handlers::request seen({.method = std::move(method),
                                  .target = std::move(target),
                                  .id = "r-1",
                                  .headers = std::move(headers),
                                  .body = {}},
                                 std::move(found.parameters));
    co_return co_await concurrency::with_timeout(found.matched->options.timeout.value(), found.matched->run(seen));
}

} // namespace muster::tests
