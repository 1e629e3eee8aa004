// upstream/: see http_connector.hpp.
#include "upstream/http_connector.hpp"

#include "concurrency/condition.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/task_group.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace muster::upstream {

using concurrency::task;

namespace {

constexpr std::size_t most_attempts = 4; // at a time: each holds a descriptor

/// What the attempts of one race share.
struct race {
    std::optional<http_socket> winner;
    std::optional<boost::system::error_code> first_error;
    std::size_t newest = 0; // the attempt begun last
    bool newest_failed = false;
    concurrency::condition changed;
    concurrency::cancel_source losers;
};

task<void> attempt(race& all, std::size_t number, http_endpoint where) {
    try {
        auto socket = co_await connect_to(where);
        if (!all.winner) {
            all.winner.emplace(std::move(socket));
            all.losers.cancel(concurrency::cancel_cause::requested);
        }
    } catch (const boost::system::system_error& error) {
        all.newest_failed = all.newest_failed || number == all.newest;
        if (!all.first_error) {
            all.first_error = error.code();
        }
    }
    all.changed.notify_all();
}

task<void> newest_is_over(race& all) {
    while (!all.newest_failed && !all.winner) {
        co_await all.changed.wait({.what = "connect", .resource = {}});
    }
}

task<void> run(race& all, std::span<const http_endpoint> addresses) {
    co_await concurrency::with_group(
        std::min(addresses.size(), most_attempts), [&all, addresses](concurrency::task_group& group) -> task<void> {
            for (std::size_t i = 0; i != addresses.size() && !all.winner; ++i) {
                all.newest = i;
                all.newest_failed = false;
                co_await group.spawn("connect", attempt(all, i, addresses[i]));
                try {
                    co_await concurrency::with_timeout(connection_attempt_delay, newest_is_over(all));
                } catch (const concurrency::deadline_exceeded&) { // the next one beside it
                }
            }
        });
}

} // namespace

task<http_socket> connect_to_one(std::span<const http_endpoint> addresses) {
    if (addresses.size() == 1) {
        co_return co_await connect_to(addresses.front());
    }
    race all;
    try {
        co_await concurrency::with_deadline(concurrency::no_deadline, run(all, addresses), nullptr, &all.losers);
    } catch (const concurrency::cancelled&) {
        if (!all.winner) {
            throw;
        }
    }
    if (!all.winner) {
        throw boost::system::system_error(*all.first_error);
    }
    co_return std::move(*all.winner);
}

} // namespace muster::upstream
