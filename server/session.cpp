// server/: see session.hpp.
#include "server/session.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/shield.hpp"
#include "handlers/problem.hpp"
#include "server/answer_bytes.hpp"
#include "server/named_peer.hpp"
#include "server/stream.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace muster::server {

namespace {

using concurrency::task;
using namespace std::chrono_literals;

// A connection that was opened just before the listeners closed may still ask its question.
constexpr auto first_byte_when_closing = 100ms;
// Between our goodbye to a silent connection and its end: a request that crossed it meets an end, not a reset.
constexpr concurrency::duration farewell = 200ms;
// The same behind a last answer: what a client is still sending is read on.
constexpr concurrency::duration read_on = 2s;
// Requests that came in one piece are all answered while the process drains; who never stops sending is told to.
constexpr int answers_when_draining = 64;
// The last word to a client whose request the end of the process cut.
constexpr auto last_word = 20ms;
// An answer has the write timeout for each piece of this size, so that its size is no reason to be cut.
constexpr std::size_t piece_of_answer = 64 * 1024;

constexpr int client_closed_request = 499; // no status of HTTP: nobody reads it but people, in the access log

constexpr std::string_view no_memory = "max_buffered"; // as a cause

enum class sent : std::uint8_t { all, broken, late, cut, no_room };

// `left`: before its answer was sent. Who reads it to the end and goes has not left.
std::string_view cause_of(const dispatched& result, bool left, sent how, bool refused) noexcept {
    if (!result.cause.empty()) {
        return result.cause;
    }
    if (how == sent::cut) {
        return concurrency::to_string(concurrency::cancel_cause::shutdown);
    }
    if (left || how == sent::broken) {
        return concurrency::to_string(concurrency::cancel_cause::client_gone);
    }
    if (how == sent::late) {
        return "write_timeout";
    }
    if (how == sent::no_room) {
        return no_memory;
    }
    return refused ? "refused" : "";
}

class session {
  public:
    session(stream_socket socket, concurrency::task_node& self, const session_context& context)
        : socket_(std::move(socket)),
          self_(self),
          context_(context),
          reader_(self.home(), socket_, context.settings.arrival, context.memory.arriving),
          answering_(context.memory.leaving) {
        connection_.socket = &socket_;
        context_.open.add(connection_);
        watched_.emplace(context_.clients, connection_.peer, socket_.native_handle());
    }

    session(const session&) = delete;
    session& operator=(const session&) = delete;

    ~session() {
        if (!told_) {
            leave_now(socket_); // cut where it stood: at least what it has sent does not make the end a reset
        }
    }

    task<void> run() {
        auto limit = read_on;
        for (;;) {
            if (!co_await idle()) {
                limit = farewell;
                break;
            }
            const auto then = co_await serve_one();
            (void)answering_.hold(0); // less is always granted
            if (then == after::end) {
                told_ = true; // by a reset
                co_return;
            }
            if (then == after::goodbye) {
                break;
            }
        }
        reader_.drop();
        shows("closing");
        // Whatever comes now would make the end a reset, and lose the answer.
        co_await linger(socket_, limit, context_.settings.write_timeout * 2);
        told_ = true;
    }

  private:
    void shows(std::string_view what) noexcept { self_.relabel(what, self_.label().ref); }

    // Whether the next answer is the last one: the process ends, or the client has sent too many requests ahead.
    bool is_last() noexcept {
        if (self_.scope().is_cancelled()) {
            return true;
        }
        ahead_ = reader_.may_have_more() ? ahead_ + 1 : 0;
        if (ahead_ >= context_.settings.pipelined && (reader_.has_unread() || reader_.first_bytes_now() != 0)) {
            return true;
        }
        return context_.draining.load(std::memory_order_relaxed) &&
               (!reader_.has_unread() || ++answered_when_draining_ >= answers_when_draining);
    }

    // Waits for the first byte of a request. False if none will come. Also when the process drains: the client has been
    // told nothing of it yet, else the connection would have ended with the last answer.
    task<bool> idle() {
        if (!reader_.skip_line_ends()) {
            co_await concurrency::reschedule(); // who sends many at once takes turns with everybody else
            co_return true;
        }
        reader_.rest();
        shows("idle");
        const bool closing = context_.open.closing();
        const auto until =
            concurrency::deadline_after(self_.home().now(), closing ? concurrency::duration(first_byte_when_closing)
                                                                    : context_.settings.idle_timeout);
        connection_.idle = !closing;
        bool ended = false; // by the other side
        try {
            do {
                ended = co_await concurrency::with_deadline(until, reader_.first_bytes()) == 0;
            } while (!ended && reader_.skip_line_ends());
        } catch (const concurrency::deadline_exceeded&) {
            ended = true;
        }
        connection_.idle = false;
        // Silence is answered with silence, unless a request has come in this very moment.
        co_return !ended || (reader_.first_bytes_now() != 0 && !reader_.skip_line_ends());
    }

    // What becomes of the connection. Nothing of the request is held any more by then.
    enum class after : std::uint8_t { next, goodbye, end };

    // One request, from its first bytes, which have come, to its answer.
    task<after> serve_one() {
        request_parser parser(context_.settings.limits);
        shows("reading");
        const auto began = self_.home().cached_now();
        auto account = begin_record();
        auto arrived = request_reader::outcome::refused;
        try {
            arrived = co_await read(parser);
        } catch (const concurrency::cancelled&) { // the process ends
            reader_.refusal() = {503, "the server is shutting down"};
        }
        if (arrived == request_reader::outcome::ended) {
            co_return after::goodbye;
        }
        if (self_.scope().is_cancelled() && arrived == request_reader::outcome::complete) { // before its work began
            arrived = request_reader::outcome::refused;
            reader_.refusal() = {503, "the server is shutting down"};
        }
        refused_ = arrived == request_reader::outcome::refused;
        head_only_ = parser.head().method == "HEAD";
        name(account, parser.head());
        reader_.read_whole(); // it may be long until the next one
        shows("answering");
        dispatched result;
        if (refused_) {
            result = refusal(parser);
        } else {
            watched_->look();
            result = co_await context_.dispatch.answer(parser.take(), parser.http_1_0(), reader_.head_came(),
                                                       connection_.peer, answering_);
        }
        if (!result.answer) {
            end(account, client_closed_request, began, result, sent::broken, true, 0);
            co_return after::goodbye; // it may still read what was said before
        }
        shows("writing");
        const int status = result.answer->status;
        const bool last = is_last();
        const bool close = refused_ || last || !parser.keep_alive();
        std::string bytes;
        append_answer(bytes, *result.answer,
                      {.date = context_.date.now(),
                       .request_id = result.request_id,
                       .head_only = head_only_,
                       .http_1_0 = parser.http_1_0(),
                       .close = close});
        result.answer.reset(); // it may have to wait: once is enough
        std::string_view unsent = bytes;
        const bool left = connection_.peer.is_gone();
        sent how{};
        if (self_.scope().is_cancelled()) { // every plain await throws now
            how = co_await concurrency::shield(last_word * 2, write(unsent, bytes.capacity(), last_word));
        } else {
            how = co_await write(unsent, bytes.capacity(), context_.settings.write_timeout);
        }
        end(account, status, began, result, how, left, bytes.size() - unsent.size());
        if (how != sent::all) {
            co_return after::end;
        }
        co_return close ? after::goodbye : after::next;
    }

    // Reads one request into `parser`: complete, refused, or ended.
    task<request_reader::outcome> read(request_parser& parser) {
        reader_.begin();
        for (;;) {
            const auto outcome = co_await reader_.read(parser);
            if (outcome != request_reader::outcome::continues) {
                co_return outcome;
            }
            std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            if (co_await write(go_on, 0, context_.settings.write_timeout) != sent::all) {
                co_return request_reader::outcome::ended;
            }
        }
    }

    dispatched refusal(const request_parser& parser) {
        auto& why = reader_.refusal();
        auto result = context_.dispatch.refuse(parser.head(), why.status, std::move(why.detail));
        if (why.status == 503) {
            result.answer->retry_after = 1s;
            result.cause = self_.scope().is_cancelled() ? to_string(concurrency::cancel_cause::shutdown) : no_memory;
        }
        return result;
    }

    // Unless all is sent, the connection is of no use any more. `memory` is what `unsent` holds while it waits.
    task<sent> write(std::string_view& unsent, std::size_t memory, concurrency::duration limit) {
        if (!send_now(socket_, unsent)) {
            co_return sent::broken;
        }
        if (unsent.empty()) {
            co_return sent::all;
        }
        auto how = sent::no_room;
        if (answering_.hold(memory <= answer_weight::light ? 0 : memory)) {
            how = sent::all;
            try {
                while (how == sent::all && !unsent.empty()) {
                    how = co_await write_piece(unsent, limit);
                }
            } catch (const concurrency::cancelled&) { // between two pieces
                how = sent::cut;
            }
        }
        if (how != sent::all) {
            reset_when_closed(socket_);
        }
        co_return how;
    }

    // The first of `unsent`, which shrinks.
    task<sent> write_piece(std::string_view& unsent, concurrency::duration limit) {
        auto piece = unsent.substr(0, piece_of_answer);
        const auto size = piece.size();
        auto how = sent::all;
        try {
            if (!co_await concurrency::with_timeout(limit, send(socket_, piece))) {
                how = sent::broken;
            }
        } catch (const concurrency::deadline_exceeded&) {
            how = sent::late;
        } catch (const concurrency::cancelled&) { // the next await says so again; the record is written before
            how = sent::cut;
        }
        unsent.remove_prefix(size - piece.size());
        co_return how;
    }

    using record = std::optional<request_record>; // nothing: nobody wants it

    [[nodiscard]] record begin_record() const {
        if (context_.records == nullptr) {
            return std::nullopt;
        }
        record made(std::in_place);
        made->began = std::chrono::system_clock::now();
        return made;
    }

    void name(record& into, const handlers::request_head& head) const {
        if (into) {
            into->peer = named_peer(self_.label().ref, head.headers, context_.settings.trusted);
            into->method = head.method;
            into->target = std::string_view(head.target).substr(0, request_record::longest_target);
        }
    }

    void end(record& made, int status, concurrency::time_point began, dispatched& result, sent how, bool left,
             std::size_t bytes) const {
        if (made) {
            made->request_id = std::move(result.request_id);
            made->route = result.route;
            made->status = status;
            made->cause = cause_of(result, left, how, refused_);
            made->took = self_.home().now() - began;
            made->bytes = bytes;
            made->budget = result.budget;
            made->ignored = result.ignored;
            context_.records->add(std::move(*made));
        }
    }

    stream_socket socket_;
    concurrency::task_node& self_;
    const session_context& context_;
    connection connection_;
    std::optional<client_watch::registration> watched_; // ends before the socket is closed
    request_reader reader_;
    client_memory::share answering_; // of the memory: by the request in work, then by its answer until that is sent
    std::size_t ahead_ = 0;          // requests in a row with more behind them
    bool told_ = false;              // the other side knows of the end, or there is none
    bool refused_ = false;
    bool head_only_ = false;
    int answered_when_draining_ = 0;
};

} // namespace

task<void> serve_connection(unique_fd connected, admission /*place*/, const session_context& context) {
    auto& self = co_await concurrency::current_task();
    session s(adopt(self.home(), std::move(connected)), self, context);
    co_await s.run();
}

} // namespace muster::server
