// server/: see error_mapper.hpp.
#include "server/error_mapper.hpp"

#include "concurrency/cancel.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/semaphore.hpp"
#include "concurrency/worker_pool.hpp"
#include "handlers/errors.hpp"

#include <nlohmann/json.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace muster::server {

namespace {

using json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string text_of(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The type's name as people write it: "std::runtime_error".
std::string type_of(const std::exception& error) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status), &std::free);
    return status == 0 && name ? name.get() : typeid(error).name();
}

mapped_error problem(int status, std::string_view cause, std::string detail, std::string log,
                     std::optional<seconds> retry_after = std::nullopt) {
    return {.problem = handlers::problem{.status = status, .detail = std::move(detail), .retry_after = retry_after},
            .log = std::move(log),
            .internal = status == 500,
            .cause = cause};
}

mapped_error overloaded(std::string detail, std::string log, seconds retry_after) {
    return problem(503, "overloaded", std::move(detail), std::move(log), retry_after);
}

mapped_error internal_error(std::string log) {
    return problem(500, "internal_error", "the server failed; its log says more under this request id", std::move(log));
}

mapped_error timed_out(const concurrency::deadline_exceeded& error, const std::vector<waiting_task>& waiting) {
    auto children = json::array();
    std::string names;
    std::string log = error.what();
    for (const auto& task : waiting) {
        children.push_back(
            {{"name", task.name}, {"state", task.state}, {"elapsed_ms", task.elapsed.count()}, {"at", task.at}});
        names += (names.empty() ? "" : ", ") + task.name;
        log += "; " + task.name + " " + task.state + " at " + task.at;
    }
    auto mapped =
        problem(504, concurrency::to_string(concurrency::cancel_cause::deadline_exceeded),
                std::string(error.what()) + (names.empty() ? "" : "; still waiting for " + names), std::move(log));
    mapped.problem->members = {
        {"budget_ms", std::to_string(std::chrono::duration_cast<milliseconds>(error.budget()).count())},
        {"cause", text_of(concurrency::to_string(concurrency::cancel_cause::deadline_exceeded))},
        {"waiting", text_of(children)}};
    return mapped;
}

mapped_error cut(const concurrency::cancelled& error) {
    const std::string_view cause = concurrency::to_string(error.cause());
    const std::string log(cause);
    switch (error.cause()) {
    case concurrency::cancel_cause::client_gone:
        return {.problem = std::nullopt, .log = log, .cause = cause};
    case concurrency::cancel_cause::deadline_exceeded:
        return problem(504, cause, "the time limit is exceeded", log);
    case concurrency::cancel_cause::shutdown:
        return problem(503, cause, "the server is shutting down", log, seconds{1});
    case concurrency::cancel_cause::sibling_failed: // the sibling's own error should have come instead
        return problem(500, cause, "the request was given up because a part of it failed", log);
    case concurrency::cancel_cause::requested:
        return problem(503, cause, "the server gave the request up", log, seconds{1});
    }
    return problem(500, cause, "the request was cancelled", log);
}

} // namespace

mapped_error map_error(const std::exception_ptr& error, const std::vector<waiting_task>& waiting) {
    try {
        std::rethrow_exception(error);
    } catch (const concurrency::cancelled& e) {
        return cut(e);
    } catch (const concurrency::deadline_exceeded& e) {
        return timed_out(e, waiting);
    } catch (const handlers::not_found& e) {
        return problem(404, "", e.what(), e.what());
    } catch (const handlers::source_overloaded& e) {
        return overloaded(e.source() + " takes no more work now", e.what(), e.retry_after());
    } catch (const handlers::source_error& e) { // what() may hold paths: for the log
        return problem(502, "source_failed", e.source() + " failed", e.what());
    } catch (const concurrency::worker_queue_full& e) {
        return overloaded("the server takes no more work now", e.what(), seconds{1});
    } catch (const concurrency::workers_abandoned& e) {
        return overloaded("the server takes no more work now", e.what(), seconds{1});
    } catch (const concurrency::semaphore_full& e) {
        return overloaded("the server takes no more work now", e.what(), seconds{1});
    } catch (const std::exception& e) {
        return internal_error(type_of(e) + ": " + e.what());
    } catch (...) {
        return internal_error("an unknown exception");
    }
}

} // namespace muster::server
