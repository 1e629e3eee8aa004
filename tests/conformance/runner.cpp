// tests/conformance: see runner.hpp.
#include "tests/conformance/runner.hpp"

#include "handlers/routes.hpp"
#include "tests/conformance/answers.hpp"
#include "tests/conformance/verdict.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::tests::conformance {

using namespace std::chrono_literals;

namespace {

constexpr auto read_timeout = 2000ms;
constexpr auto patience = 500ms;
constexpr auto until_sent_anyway = 1000ms; // a client that waits for 100 does not wait for ever

server::session_settings settings() {
    server::session_settings made;
    made.arrival.head = read_timeout;
    made.arrival.whole = read_timeout;
    made.idle_timeout = read_timeout;
    return made;
}

std::vector<std::string_view> pieces_of(std::string_view bytes, runner::pieces how) {
    constexpr std::size_t first = 65536;
    constexpr std::size_t last = 256;
    constexpr std::size_t at_most = 32768; // what a socket's buffer takes
    std::vector<std::string_view> all;
    for (std::size_t at = 0; at < bytes.size();) {
        const bool between = at >= first && at + last < bytes.size();
        const auto size = how == runner::pieces::one ? std::min(at_most, bytes.size() - at)
                          : between                  ? std::min<std::size_t>(997, bytes.size() - last - at)
                                                     : 1;
        all.push_back(bytes.substr(at, size));
        at += size;
    }
    return all;
}

std::vector<int> statuses_of(const heard& all) {
    std::vector<int> made;
    for (const auto& each : all.answers) {
        made.push_back(each.status);
    }
    return made;
}

} // namespace

concurrency::task<std::optional<upstream::user>> hundred_users::find(upstream::user_id id) const {
    if (std::to_underlying(id) > 100) {
        co_return std::nullopt;
    }
    co_return upstream::user{id, "Ada Lovelace", "ada.lovelace@example.com", 0};
}

runner::runner() : server_(settings(), {}, handlers::make_routes({users_, profiles_, posts_}, health_, roll_, {})) {}

std::chrono::milliseconds runner::now(const seen& /*what*/) {
    return server_.loop.now() - began_;
}

void runner::hear(seen& what) {
    server_.loop.settle();
    for (auto more = server_.hear(); !more.empty(); more = server_.hear()) {
        what.data += more;
        what.arrivals.emplace_back(what.data.size(), now(what));
        server_.loop.settle();
    }
    if (what.end == seen::ending::open && server_.has_ended()) {
        what.end = server_.was_reset() ? seen::ending::reset : seen::ending::closed;
        what.ended_at = now(what);
    }
}

// Lets time jump to the next moment something is due. False when none is before the limit.
bool runner::pass_to_next(std::chrono::milliseconds limit, seen& what) {
    auto& loop = server_.loop.get();
    const auto due = loop.next_due();
    if (!due || now(what) + (*due - loop.now()) > limit) {
        return false;
    }
    loop.advance_to(*due);
    hear(what);
    return true;
}

// Until that answer has come, or any final one, or nothing for a second.
void runner::wait_for(int status, const vector& v, seen& what) {
    const auto arrived = [&] {
        return std::ranges::any_of(read_answers(what.data, v.heads).answers,
                                   [&](const answer& a) { return a.status == status || !a.interim(); });
    };
    const auto limit = now(what) + until_sent_anyway;
    while (!arrived() && what.end == seen::ending::open && pass_to_next(limit, what)) {
    }
    if (!arrived()) {
        server_.loop.advance(limit - now(what));
        hear(what);
    }
}

void runner::send(const vector& v, pieces how, seen& what) {
    std::string stream;
    const auto flush = [&] {
        for (const auto piece : pieces_of(stream, how)) {
            if (what.end != seen::ending::open) {
                break;
            }
            server_.send(piece);
            hear(what);
        }
        stream.clear();
    };
    for (const auto& each : v.stream) {
        if (each.wait != 0) {
            flush();
            wait_for(each.wait, v, what);
            const auto all = read_answers(what.data, v.heads);
            if (!all.answers.empty() && all.answers.back().says_close()) {
                break;
            }
        }
        for (std::size_t i = 0; i != each.times; ++i) {
            stream += each.bytes;
        }
    }
    flush();
    what.sent_at = now(what);
    if (v.half_close) {
        server_.finish();
        hear(what);
    }
}

// Whether what came is all that an alternative which keeps the connection expects.
bool runner::expects_probe(const vector& v, const seen& what) const {
    const auto all = read_answers(what.data, v.heads);
    if (what.probed || what.end != seen::ending::open || all.rest != 0 || !all.wrong.empty() ||
        (!all.answers.empty() && all.answers.back().says_close())) {
        return false;
    }
    return std::ranges::any_of(v.answers, [&](const alternative& a) {
        const auto fitting = match(a.tokens, statuses_of(all));
        return a.kept && fitting && fitting->complete && fitting->taken == all.answers.size();
    });
}

std::string runner::run(const vector& v, pieces how) {
    seen what;
    server_.connect();
    began_ = server_.loop.now();
    send(v, how, what);
    do {
        if (expects_probe(v, what)) {
            what.probed = true;
            server_.send(probe);
            hear(what);
        }
    } while (what.end == seen::ending::open && pass_to_next(what.sent_at + read_timeout + patience, what));
    const auto verdict = judge(v, what, read_timeout);
    server_.reset();
    server_.until_ended();
    return verdict;
}

} // namespace muster::tests::conformance
