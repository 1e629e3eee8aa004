// server/: see error_mapper.hpp.
#include "server/error_mapper.hpp"

#include "concurrency/cancel.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/semaphore.hpp"
#include "concurrency/worker_pool.hpp"
#include "handlers/errors.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace muster::server {

namespace {

using concurrency::cancel_cause;
using handlers::explain;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds soonest{1};
constexpr seconds latest{60};

milliseconds whole_ms(concurrency::duration time) noexcept {
    return std::chrono::duration_cast<milliseconds>(time);
}

// The type's name as people write it: "std::runtime_error".
std::string type_of(const std::exception& error) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(typeid(error).name(), nullptr, nullptr, &status), &std::free);
    return status == 0 && name ? name.get() : typeid(error).name();
}

mapped_error plain(int status, std::string_view cause, std::string detail, std::string log) {
    return {.problem = handlers::problem{.status = status, .detail = std::move(detail)},
            .log = std::move(log),
            .internal = status == 500,
            .cause = cause};
}

mapped_error internal_error(std::string log) {
    return plain(500, "internal_error", "the server failed; its log says more under this request id", std::move(log));
}

// "; posts waits for a worker since 4990 ms, attempt 2, at upstream/sqlite_source.cpp:88"
void append_in_words(std::string& log, const waiting_task& task) {
    log += "; " + task.name + (task.waits_for.empty() ? " runs" : " waits for " + task.waits_for) + " since " +
           std::to_string(task.told.elapsed.count()) + " ms";
    if (task.told.attempts != 0) {
        log += ", attempt " + std::to_string(task.told.attempts);
    }
    if (!task.at.empty()) {
        log += ", at " + task.at;
    }
}

// What a far side said of itself: "; posts says: 504 deadline_exceeded, users waiting for a slot"
void append_in_words(std::string& log, const std::string& source, const handlers::explanation& said) {
    log += "; " + source + " says: " + std::to_string(said.status) + (said.cause.empty() ? "" : " " + said.cause);
    for (const auto& child : said.children) {
        log += ", " + (child.source.empty() ? "a task" : child.source) + " " + child.state;
        log += (child.wait.empty() ? "" : " " + child.wait) + (child.failure.empty() ? "" : " " + child.failure);
    }
    for (const auto& child : said.children) {
        if (child.upstream) {
            append_in_words(log, child.source.empty() ? "a task" : child.source, *child.upstream);
        }
    }
}

// One failure of one request: every 502, 503 and 504 is made by finish().
class explained {
  public:
    explained(int status, std::string_view cause, std::string log, const given_up& request)
        : request_(request),
          made_(plain(status, cause, {}, std::move(log))) {
        made_.notable = status != 503; // refusals come in floods, and are no news to those who count them
        why_.status = status;
        why_.cause = cause;
        why_.budget = whole_ms(request.budget);
        why_.elapsed = whole_ms(request.elapsed);
    }

    // `less`: without the names of sources.
    explained& detail(std::string full, std::string less) {
        made_.problem->detail = std::move(request_.explain == explain::full ? full : less);
        return *this;
    }

    explained& budget(concurrency::duration other) {
        why_.budget = whole_ms(other);
        return *this;
    }

    explained& retry_after(seconds when) {
        made_.problem->retry_after = std::clamp(when, soonest, latest);
        return *this;
    }

    // The one that failed, first of all.
    explained& failed(const handlers::source_error& error, std::string_view state, std::string_view failure = {}) {
        handlers::explanation::child child;
        if (handlers::is_plain_name(error.source())) {
            child.source = error.source();
        }
        failed_ = error.source();
        child.state = state;
        child.failure = failure;
        child.elapsed = whole_ms(request_.worked);
        child.attempts = error.attempts();
        child.upstream = error.upstream();
        if (child.upstream) {
            append_in_words(made_.log, error.source(), *child.upstream);
        }
        why_.children.push_back(std::move(child));
        return *this;
    }

    // Whoever had not ended then; the failed one is told already.
    explained& waited(const waiting_tasks& waiting) {
        for (const auto& task : waiting.seen()) {
            append_in_words(made_.log, task);
            if (task.name != failed_ && why_.children.size() < handlers::most_children) {
                why_.children.push_back(task.told);
            }
        }
        return *this;
    }

    mapped_error finish() {
        made_.problem->why = std::move(why_);
        made_.problem->how_much = request_.explain;
        return std::move(made_);
    }

  private:
    const given_up& request_;
    mapped_error made_;
    handlers::explanation why_;
    std::string failed_; // the source
};

mapped_error overloaded(const std::exception& error, const given_up& request) {
    constexpr auto words = "the server takes no more work now";
    return explained(503, "overloaded", error.what(), request).detail(words, words).retry_after(soonest).finish();
}

// The request's own limit, if `waiting` saw it end; else one of a part of it, which tells itself.
mapped_error timed_out(const concurrency::deadline_exceeded& error, const waiting_tasks& waiting,
                       const given_up& request) {
    const bool own = waiting.cause() == cancel_cause::deadline_exceeded;
    const auto budget = own ? request.budget : error.budget();
    const std::string limit = own ? concurrency::deadline_exceeded(budget).what() : error.what();
    std::string names;
    for (const auto& task : waiting.seen()) {
        if (!task.told.source.empty()) {
            names += (names.empty() ? "; still waiting for " : ", ") + task.told.source;
        }
    }
    return explained(504, to_string(cancel_cause::deadline_exceeded), limit, request)
        .detail(limit + names, limit)
        .budget(budget)
        .waited(waiting)
        .finish();
}

mapped_error cut(const concurrency::cancelled& error, const given_up& request) {
    const std::string_view cause = concurrency::to_string(error.cause());
    const auto told = [&](int status, std::string detail) {
        return std::move(explained(status, cause, std::string(cause), request).detail(detail, detail));
    };
    switch (error.cause()) {
    case cancel_cause::client_gone:
        return {.problem = std::nullopt, .log = std::string(cause), .cause = cause};
    case cancel_cause::deadline_exceeded:
        return told(504, "the time limit is exceeded").finish();
    case cancel_cause::shutdown:
        return told(503, "the server is shutting down").retry_after(soonest).finish();
    case cancel_cause::sibling_failed: // the sibling's own error should have come instead
        return plain(500, cause, "the request was given up because a part of it failed", std::string(cause));
    case cancel_cause::requested:
        return told(503, "the server gave the request up").retry_after(soonest).finish();
    }
    return plain(500, cause, "the request was cancelled", std::string(cause));
}

} // namespace

mapped_error map_error(const std::exception_ptr& error, const waiting_tasks& waiting, const given_up& request) {
    try {
        std::rethrow_exception(error);
    } catch (const concurrency::cancelled& e) {
        return cut(e, request);
    } catch (const concurrency::deadline_exceeded& e) {
        return timed_out(e, waiting, request);
    } catch (const handlers::not_found& e) {
        return plain(404, "", e.what(), e.what());
    } catch (const handlers::source_overloaded& e) {
        return explained(503, "overloaded", e.what(), request)
            .detail(e.source() + " takes no more work now", "a source takes no more work now")
            .retry_after(e.retry_after())
            .failed(e, "overloaded")
            .waited(waiting)
            .finish();
    } catch (const handlers::source_timed_out& e) {
        return explained(504, "source_timed_out", e.what(), request)
            .detail(e.source() + " ran out of time", "a source ran out of time")
            .failed(e, "timed_out")
            .waited(waiting)
            .finish();
    } catch (const handlers::source_error& e) { // what() may hold paths: for the log
        const auto* const failed = dynamic_cast<const handlers::source_failed*>(&e);
        return explained(502, "source_failed", e.what(), request)
            .detail(e.source() + " failed", "a source failed")
            .failed(e, "failed", to_string(failed != nullptr ? failed->kind() : handlers::failure::failed))
            .waited(waiting)
            .finish();
    } catch (const concurrency::worker_queue_full& e) {
        return overloaded(e, request);
    } catch (const concurrency::workers_abandoned& e) {
        return overloaded(e, request);
    } catch (const concurrency::semaphore_full& e) {
        return overloaded(e, request);
    } catch (const std::exception& e) {
        return internal_error(type_of(e) + ": " + e.what());
    } catch (...) {
        return internal_error("an unknown exception");
    }
}

mapped_error spent_before_its_work(const given_up& request) {
    const std::string detail =
        "the caller's " + std::string(concurrency::deadline_exceeded(request.budget).what()) + " before the work began";
    auto made = explained(504, "budget_too_small", detail, request).detail(detail, detail).finish();
    made.notable = false;
    return made;
}

} // namespace muster::server
