// server/: see session.hpp.
#include "server/session.hpp"

#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "concurrency/shield.hpp"
#include "handlers/problem.hpp"
#include "server/answer_bytes.hpp"
#include "server/named_peer.hpp"
#include "server/read_buffer.hpp"
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
constexpr auto farewell = 200ms;
// Requests that came in one piece are all answered while the process drains; who never stops sending is told to.
constexpr int answers_when_draining = 64;
// The last word to a client whose request the end of the process cut.
constexpr auto last_word = 20ms;

constexpr int client_closed_request = 499; // no status of HTTP: nobody reads it but people, in the access log

enum class sent : std::uint8_t { all, broken, late, cut };

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
    return refused ? "refused" : "";
}

class session {
  public:
    session(stream_socket socket, concurrency::task_node& self, const session_context& context)
        : socket_(std::move(socket)),
          self_(self),
          context_(context) {
        connection_.socket = &socket_;
        context_.open.add(connection_);
        watched_.emplace(context_.clients, connection_.peer, socket_.native_handle());
    }

    task<void> run() {
        for (;;) {
            request_parser parser(context_.settings.limits);
            if (!co_await idle()) {
                co_return;
            }
            shows("reading");
            const auto began = self_.home().cached_now();
            auto account = begin_record();
            auto why_not = co_await read(parser);
            if (closed_) {
                co_return;
            }
            name(account, parser.head());
            shows("answering");
            auto result = co_await respond(parser, std::move(why_not));
            if (!result.answer) {
                end(account, client_closed_request, began, result, sent::broken, true, 0);
                co_return;
            }
            shows("writing");
            const bool draining = is_last();
            const bool close = refused_ || draining || !parser.keep_alive();
            std::string bytes;
            append_answer(bytes, *result.answer,
                          {.date = context_.date.now(),
                           .request_id = result.request_id,
                           .head_only = head_only_,
                           .http_1_0 = parser.http_1_0(),
                           .close = close});
            std::string_view unsent = bytes;
            const bool left = connection_.peer.is_gone();
            sent how{};
            if (self_.scope().is_cancelled()) { // every plain await throws now
                how = co_await concurrency::shield(last_word * 2, write(unsent, last_word));
            } else {
                how = co_await write(unsent, context_.settings.write_timeout);
            }
            end(account, result.answer->status, began, result, how, left, bytes.size() - unsent.size());
            if (how != sent::all) {
                co_return;
            }
            if (close) {
                shows("closing");
                if (refused_ || draining || !buffer_.unread().empty()) {
                    co_await linger(socket_);
                }
                co_return;
            }
        }
    }

  private:
    void shows(std::string_view what) noexcept { self_.relabel(what, self_.label().ref); }

    // Whether the end of the process makes the next answer the last one.
    bool is_last() noexcept {
        if (self_.scope().is_cancelled()) {
            return true;
        }
        return context_.draining.load(std::memory_order_relaxed) &&
               (buffer_.unread().empty() || ++answered_when_draining_ >= answers_when_draining);
    }

    // Waits for the first byte of a request. False if none will come. Also when the process drains: the client has been
    // told nothing of it yet, else the connection would have ended with the last answer.
    task<bool> idle() {
        if (!buffer_.unread().empty()) {
            co_return true; // pipelined
        }
        shows("idle");
        buffer_.rest();
        const bool closing = context_.open.closing();
        connection_.idle = !closing;
        std::size_t n = 0;
        bool silent = false;
        try {
            const concurrency::duration limit = closing ? first_byte_when_closing : context_.settings.idle_timeout;
            n = co_await concurrency::with_timeout(limit, fill());
        } catch (const concurrency::deadline_exceeded&) {
            silent = true;
        }
        connection_.idle = false;
        if (n != 0 || !(silent || connection_.ending)) {
            co_return n != 0;
        }
        co_return co_await has_come_after_all();
    }

    // Silence is answered with silence, unless a request has come in this very moment.
    task<bool> has_come_after_all() {
        boost::system::error_code ignored;
        if (socket_.available(ignored) != 0) {
            co_return co_await fill() != 0; // does not wait
        }
        shows("closing");
        co_await linger(socket_, farewell);
        co_return false;
    }

    task<std::size_t> fill() {
        const auto space = buffer_.prepare();
        const auto n = co_await receive(socket_, space.data(), space.size());
        buffer_.commit(n);
        co_return n;
    }

    using refusal = std::optional<request_parser::failure_reason>;

    // Reads one request into `parser`, or says why there is none. Sets closed_ if there is nobody to tell.
    task<refusal> read(request_parser& parser) {
        const auto deadline = concurrency::deadline_after(self_.home().now(), context_.settings.read_timeout);
        for (;;) {
            const auto step = parser.feed(buffer_.unread());
            buffer_.consume(step.consumed);
            switch (step.what) {
            case request_parser::outcome::complete:
                co_return std::nullopt;
            case request_parser::outcome::failed:
                co_return parser.failure();
            case request_parser::outcome::head:
                // RFC 9110, section 10.1.1: not if the body comes already.
                if (parser.expects_continue() && buffer_.unread().empty()) {
                    std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
                    if (co_await write(go_on, context_.settings.write_timeout) != sent::all) {
                        closed_ = true;
                        co_return std::nullopt;
                    }
                }
                continue;
            case request_parser::outcome::need_more:
                break;
            }
            bool late = false;
            std::size_t n = 0;
            try {
                n = co_await concurrency::with_deadline(deadline, fill());
            } catch (const concurrency::deadline_exceeded&) {
                late = true;
            }
            if (late && parser.began()) {
                co_return request_parser::failure_reason{408, "the request did not arrive in time"};
            }
            if (n == 0) {
                if (!late && parser.began()) {
                    co_return request_parser::failure_reason{400, "the request ends too early"};
                }
                closed_ = true;
                co_return std::nullopt;
            }
        }
    }

    task<dispatched> respond(request_parser& parser, refusal why) {
        head_only_ = parser.head().method == "HEAD";
        refused_ = why.has_value();
        if (why) {
            co_return context_.dispatch.refuse(parser.head(), why->status, std::move(why->detail));
        }
        co_return co_await context_.dispatch.answer(parser.take(), parser.http_1_0(), connection_.peer);
    }

    // Unless all is sent, the connection is of no use any more.
    task<sent> write(std::string_view& unsent, concurrency::duration limit) {
        try {
            const bool whole = co_await concurrency::with_timeout(limit, send(socket_, unsent));
            co_return whole ? sent::all : sent::broken;
        } catch (const concurrency::deadline_exceeded&) {
            co_return sent::late;
        } catch (const concurrency::cancelled&) { // the next await says so again; the record is written before
            co_return sent::cut;
        }
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
            context_.records->add(std::move(*made));
        }
    }

    stream_socket socket_;
    concurrency::task_node& self_;
    const session_context& context_;
    connection connection_;
    std::optional<client_watch::registration> watched_; // ends before the socket is closed
    read_buffer buffer_;
    bool closed_ = false;
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
