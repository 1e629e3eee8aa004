// server/: see dispatch.hpp.
#include "server/dispatch.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/when_all.hpp"
#include "handlers/preconditions.hpp"
#include "handlers/problem.hpp"
#include "handlers/refusal.hpp"
#include "handlers/target.hpp"
#include "handlers/trace_headers.hpp"
#include "server/access.hpp"
#include "server/admin_token.hpp"
#include "server/error_mapper.hpp"
#include "server/waiting_tasks.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <exception>
#include <utility>

namespace muster::server {

namespace {

using concurrency::task;
using handlers::method;
using handlers::response;

// In a coroutine of its own, so that a handler that throws before it becomes a task throws in here too.
task<response> limited(const handlers::route& route, const handlers::request& request, concurrency::time_point deadline,
                       waiting_tasks& waiting, concurrency::cancel_source& work) {
    co_return co_await concurrency::with_deadline(deadline, route.run(request), &waiting, &work);
}

response problem(int status, std::string detail, const std::string& id) {
    return handlers::to_response(handlers::problem{.status = status, .detail = std::move(detail)}, id);
}

void no_room(dispatched& result, const std::string& id) {
    constexpr std::string_view cause = "max_buffered";
    result.answer = handlers::to_response(
        {.status = 503,
         .detail = "answers that are not read yet hold as much memory as they may (--max-buffered)",
         .why = handlers::explanation{.status = 503, .cause = std::string(cause)}},
        id);
    result.answer->retry_after = std::chrono::seconds(1);
    result.cause = cause;
}

// " (ignored: grpc-timeout, Request-Timeout)", or nothing. Never what stood in them.
std::string in_words(handlers::deadline_header_set ignored) {
    std::string text;
    handlers::for_each_header(ignored, [&](std::string_view name) {
        text += text.empty() ? " (ignored: " : ", ";
        text += name;
    });
    return text.empty() ? text : text + ")";
}

} // namespace

dispatcher::dispatcher(const handlers::router& router, door through, request_ids& ids, spdlog::logger& log,
                       handlers::explain explain)
    : router_(router),
      door_(std::move(through)),
      ids_(ids),
      log_(log),
      explain_(explain) {
    for (const auto& route : router.routes()) {
        routes_[route.get()].names = {std::string(to_string(route->verb)) + " " + route->pattern.text(),
                                      "HEAD " + route->pattern.text()};
    }
}

task<dispatched> dispatcher::answer(handlers::request_head head, bool http_1_0, concurrency::time_point came,
                                    client& asker, client_memory::share& room) const {
    head.id = ids_.of(head.headers.find("X-Request-Id").value_or(""));
    dispatched result{.request_id = head.id, .answer = std::nullopt};
    handlers::resolution resolved;
    result.answer = refusal_of(head, http_1_0, resolved);
    if (!result.answer) {
        co_await run(std::move(head), std::move(resolved), came, asker, room, result);
    }
    co_return result;
}

dispatched dispatcher::refuse(const handlers::request_head& head, int status, std::string detail) const {
    auto id = ids_.of(head.headers.find("X-Request-Id").value_or(""));
    auto answer = problem(status, std::move(detail), id);
    return {.request_id = std::move(id), .answer = std::move(answer)};
}

std::optional<response> dispatcher::refusal_of(const handlers::request_head& head, bool http_1_0,
                                               handlers::resolution& resolved) const {
    const auto verb = handlers::parse_method(head.method);
    if (verb == method::other) {
        return problem(501, "this server does not know the method", head.id);
    }
    const auto target = handlers::cut_target(head.target);
    if (target.form == handlers::target_form::asterisk) {
        return handlers::options_answer("GET, HEAD, OPTIONS");
    }
    if (target.https) { // RFC 9110, section 7.4
        return problem(421, "resources of https are not served over a connection without TLS", head.id);
    }
    resolved = router_.resolve(verb, target.path);
    if (resolved.access == handlers::route_access::debug) {
        if (auto why = debug_refusal({door_, http_1_0, target.path, target.authority, head.headers})) {
            return problem(403, std::move(*why), head.id);
        }
    }
    if (needs_token(door_, resolved) && !door_.token->brought_by(head.headers)) {
        return token_refusal(head.id);
    }
    if (resolved.matched == nullptr) {
        return handlers::refusal(resolved, head.id);
    }
    return std::nullopt;
}

task<void> dispatcher::run(handlers::request_head head, handlers::resolution resolved, concurrency::time_point came,
                           client& asker, client_memory::share& room, dispatched& result) const {
    const auto& route = *resolved.matched;
    const auto& facts = routes_.at(&route);
    result.route = route.pattern.text();
    auto& loop = (co_await concurrency::current_task()).home();
    const handlers::request request(std::move(head), std::move(resolved.parameters));
    handlers::caller_budget caller;
    handlers::trace_headers trace;
    request.headers().for_each([&](std::string_view name, std::string_view value) {
        caller.take(name, value);
        trace.take(name, value);
    });
    concurrency::duration budget = *route.options.timeout;
    const auto began = loop.now(); // read afresh: from a time that the loop keeps a limit would come early
    auto from = began;             // who pipelines behind a slow request is served all the same
    if (caller.limit() &&
        concurrency::deadline_after(came, *caller.limit()) < concurrency::deadline_after(from, budget)) {
        budget = *caller.limit();
        from = came;
        result.budget = std::chrono::duration_cast<std::chrono::milliseconds>(budget);
    }
    result.ignored = caller.ignored();
    const auto deadline = concurrency::deadline_after(from, budget);
    const auto given_up_at = [&](concurrency::time_point now) {
        return given_up{.budget = budget, .elapsed = now - from, .worked = now - began, .explain = explain_};
    };
    if (began >= deadline) { // its caller's
        fail(request, spent_before_its_work(given_up_at(began)), result);
        co_return;
    }
    if (route.options.on_client_gone == handlers::client_gone_policy::cancel && asker.is_gone()) {
        result.cause = to_string(concurrency::cancel_cause::client_gone);
        co_return;
    }
    if (!room.hold(facts.weight.expected(room.limit()))) { // before it costs the sources anything
        facts.weight.refused(began);
        no_room(result, request.id());
        co_return;
    }
    const concurrency::task_label label{.kind = concurrency::task_kind::request,
                                        .name = facts.names[request.method() == method::head ? 1 : 0],
                                        .ref = request.id(),
                                        .trace = trace.context()};
    waiting_tasks waiting;
    concurrency::cancel_source work;
    std::optional<client::working> ends_with_client;
    if (route.options.on_client_gone == handlers::client_gone_policy::cancel) {
        ends_with_client.emplace(asker, work);
    }
    std::exception_ptr error;
    try {
        auto made = co_await concurrency::run_task(label, limited(route, request, deadline, waiting, work));
        const auto size = made.body.size();
        facts.weight.saw(size);
        if (room.hold(answer_weight::of(size))) {
            result.answer = handlers::conditional(std::move(made), request);
        } else {
            no_room(result, request.id());
        }
        co_return;
    } catch (...) {
        error = std::current_exception();
    }
    (void)room.hold(0); // its answer is small
    facts.weight.saw(0);
    fail(request, map_error(error, waiting, given_up_at(loop.now())), result);
}

void dispatcher::fail(const handlers::request& request, const mapped_error& mapped, dispatched& result) const {
    const auto level = mapped.internal  ? spdlog::level::err
                       : mapped.notable ? spdlog::level::info
                                        : spdlog::level::debug;
    log_.log(level, "request {} ({} {}): {}{}", request.id(), request.method_token(), request.target(), mapped.log,
             in_words(result.ignored));
    result.cause = mapped.cause;
    if (mapped.problem) {
        result.answer = handlers::to_response(*mapped.problem, request.id());
    }
}

} // namespace muster::server
