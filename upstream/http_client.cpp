// upstream/: see http_client.hpp.
#include "upstream/http_client.hpp"

#include "concurrency/deadline.hpp"
#include "upstream/errors.hpp"
#include "upstream/explanation.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace muster::upstream {

namespace asio = boost::asio;
using concurrency::task;

namespace {

constexpr std::chrono::seconds shortest_retry{1};
constexpr std::chrono::seconds longest_retry{60};
// Pieces of an answer that are read in a row; then everything else on the loop has its turn.
constexpr int pieces_at_once = 16;

constexpr auto tuple = asio::as_tuple(asio::deferred);

} // namespace

/// One question and its answer on one connection.
class http_client::exchange {
  public:
    exchange(http_lease lease, http_lane& lane, const http_settings& settings, concurrency::activity& account,
             http_answer& into)
        : lease_(std::move(lease)),
          lane_(lane),
          settings_(settings),
          account_(account),
          answer_(into),
          parser_({.head = settings.head, .body = settings.body}, into.body.text()) {}

    enum class outcome : std::uint8_t {
        complete,
        stale, ///< the connection had ended before the question reached anybody
    };

    /// `request` is only valid until the first suspension.
    task<outcome> run(std::string_view request) {
        account_.written += request.size();
        sent_ = send_now(lease_.socket(), request) != moved::broken;
        if (sent_ && !request.empty()) {
            sent_ = co_await send_rest(std::string(request));
        }
        // Who does not take the question may have answered it all the same.
        for (;;) {
            if (const auto [error] =
                    co_await concurrency::named("read", lease_.socket().async_wait(http_socket::wait_read, tuple));
                error) {
                throw failed(failure::reset, error.message());
            }
            switch (read()) {
            case progress::more:
                break;
            case progress::complete:
                co_return outcome::complete;
            case progress::stale:
                co_return outcome::stale;
            }
        }
    }

  private:
    enum class progress : std::uint8_t { more, complete, stale };

    task<bool> send_rest(std::string rest) {
        std::string_view unsent = rest;
        while (!unsent.empty()) {
            const auto [error, n] =
                co_await concurrency::named("write", lease_.socket().async_write_some(asio::buffer(unsent), tuple));
            if (error) {
                co_return false;
            }
            unsent.remove_prefix(n);
        }
        co_return true;
    }

    // What has come, without waiting.
    progress read() {
        auto& scratch = lane_.scratch();
        for (int i = 0; i != pieces_at_once; ++i) {
            std::size_t n = 0;
            switch (receive_now(lease_.socket(), scratch.data(), scratch.size(), n)) {
            case moved::none:
                return progress::more;
            case moved::broken:
                if (lease_.reused() && !parser_.began()) {
                    return progress::stale;
                }
                throw failed(failure::reset, "the connection was reset");
            case moved::ended:
                return ended();
            case moved::some:
                account_.read += n;
                if (take({scratch.data(), n})) {
                    return progress::complete;
                }
                if (n < scratch.size()) {
                    return progress::more;
                }
            }
        }
        return progress::more;
    }

    progress ended() {
        if (lease_.reused() && !parser_.began()) {
            return progress::stale;
        }
        if (parser_.end() == http_answer_parser::outcome::failed) {
            // Who writes to a connection that was reset hears of it there, and nothing but the end afterwards.
            const bool was_reset = !sent_ && !parser_.began();
            throw failed(was_reset ? failure::reset : parser_.failed_with(), parser_.reason());
        }
        answer_.head = parser_.head();
        lease_.close();
        return progress::complete;
    }

    // True when the answer is complete.
    bool take(std::string_view bytes) {
        if (!carried_.empty()) {
            bytes = carried_.append(bytes);
        }
        const auto step = parser_.feed(bytes);
        switch (step.what) {
        case http_answer_parser::outcome::failed:
            throw failed(parser_.failed_with(), parser_.reason());
        case http_answer_parser::outcome::need_more:
            if (carried_.empty()) {
                carried_ = bytes.substr(step.consumed);
            } else {
                carried_.erase(0, step.consumed);
            }
            return false;
        case http_answer_parser::outcome::complete:
            break;
        }
        answer_.head = parser_.head();
        if (step.consumed == bytes.size() && sent_) { // nothing came that was not asked for
            if (parser_.keep_alive()) {
                lease_.keep(answer_.head.keep_alive_hint);
            } else {
                lease_.close();
            }
        }
        return true;
    }

    [[nodiscard]] source_failed failed(failure kind, const std::string& why) const {
        return {settings_.name, why, kind, {.attempts = account_.attempts}};
    }

    http_lease lease_;
    http_lane& lane_;
    const http_settings& settings_;
    concurrency::activity& account_;
    http_answer& answer_;
    http_answer_parser parser_;
    bool sent_ = false;   // the whole question
    std::string carried_; // what the parser needs together with what is still to come
};

namespace {

// What another status than 200 and 404 means.
[[noreturn]] void throw_for(http_answer& answer, const std::string& source, unsigned attempts) {
    const auto status = answer.head.status;
    const auto said = "it answered " + std::to_string(status);
    source_detail more{.attempts = attempts};
    if (answer.head.type == answer_head::media::problem_json && !answer.head.coded) {
        more.upstream = read_explanation(answer.body.text());
    }
    switch (status) {
    case 429:
    case 503:
        throw source_overloaded(
            source, said, std::clamp(answer.head.retry_after.value_or(shortest_retry), shortest_retry, longest_retry),
            std::move(more));
    case 504:
        throw source_timed_out(source, said, std::move(more));
    default:
        throw source_failed(source, said, failure::bad_status, std::move(more));
    }
}

} // namespace

http_client::http_client(const http_settings& settings, const std::vector<concurrency::loop*>& loops,
                         http_pool::reporter report, name_lookup::ask ask)
    : pool_(settings, loops, std::move(report), std::move(ask)),
      requests_(settings) {}

task<http_answer> http_client::get(http_target target) {
    auto& self = co_await concurrency::current_task();
    const auto& settings = pool_.settings();
    auto& lane = pool_.of(self.home());
    concurrency::activity account{.resource = settings.name};
    const concurrency::doing what(self, account);
    concurrency::permit slot;
    try {
        slot = co_await pool_.slots().acquire();
    } catch (const concurrency::semaphore_full&) {
        throw source_overloaded(settings.name, "too many wait for a connection", shortest_retry);
    }
    http_answer answer{.head = {}, .body = body_buffers::lent(lane.bodies())};
    for (bool again = false;; again = true) {
        ++account.attempts;
        auto lease = again ? std::nullopt : lane.take_idle();
        if (!lease) {
            lease.emplace(co_await lane.open(account.attempts));
        }
        exchange one(*std::move(lease), lane, settings, account, answer);
        const auto left = co_await concurrency::time_left();
        auto& text = lane.text();
        requests_.append_get(text, target.view(), left, self);
        if (co_await one.run(text) == exchange::outcome::complete) {
            break;
        }
    }
    if (answer.head.status != 200 && answer.head.status != 404) {
        throw_for(answer, settings.name, account.attempts);
    }
    answer.attempts = account.attempts;
    co_return std::move(answer);
}

} // namespace muster::upstream
