// tests/support/test_server: see routes.hpp.
#include "tests/support/test_server/routes.hpp"

#include "concurrency/deadline.hpp"
#include "config/duration.hpp"
#include "handlers/problem.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace muster::tests {

namespace {

using concurrency::task;
using handlers::request;
using handlers::response;

constexpr std::chrono::minutes patient{2};

task<response> block_loop(const request& request) {
    const auto length = config::parse_duration(request.query("for").value_or(""));
    if (!length) {
        co_return handlers::bad_request(request, "for: " + length.error());
    }
    std::this_thread::sleep_for(*length);
    co_return handlers::text(200, "the loop goes on\n");
}

task<response> wait(const request& request) {
    const auto length = config::parse_duration(request.query("for").value_or(""));
    if (!length) {
        co_return handlers::bad_request(request, "for: " + length.error());
    }
    co_await concurrency::sleep_for(*length);
    co_return handlers::text(200, "waited\n");
}

task<response> fail(const request& /*request*/) {
    throw std::runtime_error("this route throws");
    co_return handlers::text(200, ""); // makes it a coroutine
}

} // namespace

void add_test_routes(handlers::router& router) {
    router.get("/test/block-loop", block_loop).timeout(patient);
    router.get("/test/wait", wait).timeout(patient);
    router.get("/test/finish", wait).timeout(patient).on_client_gone(handlers::client_gone_policy::finish);
    router.get("/test/throw", fail).timeout(patient);
}

} // namespace muster::tests
