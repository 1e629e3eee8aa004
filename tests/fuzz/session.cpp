// tests/fuzz: a session fed with arbitrary bytes in arbitrary pieces, in virtual time and without the kernel. Byte 0 of
// an input says what the client does at the end and which limits hold, byte 1 how its bytes are cut, byte 2 how much it
// takes of the answers; the rest is what it sends.
//
// Whatever comes: every request is answered once, well-formed and with its exact length; nothing follows the answer
// that says it is the last; the answers are the same whether the bytes come whole, in those pieces or one by one;
// requests that leave no room for opinions (plain_requests.hpp) are answered in their order, with their own bodies; and
// no task is left.
#include "server/session.hpp"
#include "concurrency/abandoned.hpp"
#include "concurrency/deadline.hpp"
#include "concurrency/loop.hpp"
#include "handlers/router.hpp"
#include "server/client_memory.hpp"
#include "server/client_watch.hpp"
#include "server/connections.hpp"
#include "server/dispatch.hpp"
#include "server/request_ids.hpp"
#include "server/unique_fd.hpp"
#include "tests/fuzz/answers.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/plain_requests.hpp"
#include "tests/fuzz/wire.hpp"

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::fuzz {

namespace {

using namespace std::chrono_literals;
using concurrency::task;
using handlers::request;
using handlers::response;

task<response> hello(const request& /*request*/) {
    co_return handlers::text(200, "hello\n");
}

task<response> echo(const request& request) {
    co_return handlers::text(200, request.body());
}

task<response> hang(const request& /*request*/) {
    co_await concurrency::sleep_for(1000h);
    co_return response{};
}

task<response> late(const request& /*request*/) {
    co_await concurrency::sleep_for(1s);
    co_return handlers::text(200, "late\n");
}

task<response> broken(const request& /*request*/) {
    throw std::runtime_error("a secret");
    co_return response{};
}

// Reads all that a handler may ask for.
task<response> user(const request& request) {
    const auto id = request.path<upstream::user_id>("id");
    const auto limit = request.query("limit");
    co_return handlers::text(id ? 200 : 400, request.path() + '\n' + limit.value_or("none") + '\n' +
                                                 std::string(request.header("Accept").value_or("nothing")));
}

handlers::router make_router() {
    handlers::router router;
    router.get("/hello", hello).timeout(5s);
    router.post("/echo", echo).timeout(5s);
    router.get("/hang", hang).timeout(5s);
    router.get("/late", late).timeout(5s);
    router.get("/broken", broken).timeout(5s);
    router.get("/user/{id}", user).timeout(5s);
    router.get("/debug/tasks", hello).timeout(5s).access(handlers::route_access::debug);
    return router;
}

class kept_records final : public server::request_log {
  public:
    void add(server::request_record&& record) noexcept override { all.push_back(std::move(record)); }

    std::vector<server::request_record> all;
};

server::session_settings small_limits() {
    server::session_settings settings;
    settings.limits.head = 512;
    settings.limits.target = 128;
    settings.limits.fields = 12;
    settings.limits.body = 512;
    settings.limits.extensions = 64;
    return settings;
}

// What one client did, and what came of it.
struct story {
    std::vector<std::string> answers; // normalised
    std::vector<answer> read;
    std::vector<server::request_record> records;
    std::chrono::milliseconds took{};  // to its end
    std::chrono::milliseconds spoke{}; // to the server's last word
};

// Whatever a client does: it cannot send more pauses than it has bytes.
constexpr auto longest_story = 900h;

// The house around the sessions, made once.
class stage {
  public:
    stage() {
        std::array<int, 2> ends{};
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0,
                "no socket pair");
        ours_.reset(ends[0]);
        theirs_.reset(ends[1]);
        log_.set_level(spdlog::level::off);
        loop_.on_error([](std::string_view what, const std::exception_ptr& /*error*/) {
            fail("a task ended with an error", what);
        });
    }

    story run(wire client, bool small) {
        const auto& settings = small ? small_settings_ : usual_settings_;
        server::request_ids ids;
        kept_records records;
        server::open_connections open;
        const server::dispatcher dispatch(router_, {}, ids, log_);
        const server::session_context context(settings, dispatch, open, date_, draining_, clients_, memory_, &records);
        auto place = gate_.enter();
        require(place.has_value(), "a place at the gate was not given back");
        client.began = client.spoke = loop_.now();
        connect_sessions(client, ours_.get(), theirs_.get());
        server::unique_fd fd(::fcntl(theirs_.get(), F_DUPFD_CLOEXEC, 0));
        require(bool(fd), "no descriptor");
        loop_.spawn("connection", server::serve_connection(std::move(fd), std::move(*place), context), std::nullopt,
                    concurrency::task_kind::connection, "fuzz:1");
        loop_.context().poll();
        while (loop_.live_tasks() != 0) {
            auto due = loop_.next_due();
            if (const auto arrives = client.next_due();
                arrives && *arrives > loop_.now() && (!due || *arrives < *due)) {
                due = arrives;
            }
            require(due.has_value(), "the session waits, and nothing will ever wake it", client.heard);
            loop_.advance_to(*due);
            require(loop_.now() - client.began < longest_story, "the session waits longer than all its limits",
                    client.heard);
            let_arrive(loop_.now());
            loop_.context().poll();
        }
        require(loop_.counts().live_frames == 0, "a frame is left");
        require(loop_.abandoned().empty(), "an operation is left");
        require(memory_.arriving.held() + memory_.leaving.held() == 0, "memory of a client is not given back");
        return read(client, settings, std::move(records.all));
    }

    const server::session_settings& settings(bool small) const { return small ? small_settings_ : usual_settings_; }

  private:
    static void pass_interim(std::string_view& stream) {
        while (stream.starts_with("HTTP/1.1 1")) {
            const auto interim = read_answer(stream, false);
            require(interim.status == 100 || !interim.whole, "an interim answer is no 100");
        }
    }

    story read(const wire& client, const server::session_settings& settings,
               std::vector<server::request_record> records) {
        story told;
        told.took = std::chrono::duration_cast<std::chrono::milliseconds>(loop_.now() - client.began);
        told.spoke = std::chrono::duration_cast<std::chrono::milliseconds>(client.spoke - client.began);
        const bool takes_all = client.end == wire::ending::half_close || client.end == wire::ending::open;
        require(!takes_all || !client.reset, "a client that reads is reset");
        std::string_view stream = client.heard;
        for (const auto& record : records) {
            pass_interim(stream);
            require(told.read.empty() || (!told.read.back().closes() && told.read.back().whole),
                    "something follows the last answer", client.heard);
            require(!takes_all || record.status != 499, "a client that is there was taken for gone");
            auto one = read_answer(stream, record.method == "HEAD");
            require(one.whole || !takes_all, "an answer is cut, or a request has none", client.heard);
            require(!one.whole || one.status == record.status, "the log tells another status", client.heard);
            require(one.size == record.bytes, "the log tells another size", client.heard);
            told.answers.push_back(normalised(one));
            told.read.push_back(std::move(one));
        }
        pass_interim(stream);
        require(stream.empty(), "an answer too many", client.heard);
        if (client.end == wire::ending::open && (told.read.empty() || !told.read.back().closes())) {
            // Empty lines that nothing follows are no request to be answered: they end with the time for one.
            require(told.took >= std::min(settings.idle_timeout, settings.arrival.head),
                    "a connection that was kept is closed before its time", client.heard);
        }
        told.records = std::move(records);
        return told;
    }

    concurrency::loop loop_{{.name = "fuzz", .time = concurrency::loop::time_source::virtual_}};
    spdlog::logger log_{"fuzz", std::make_shared<spdlog::sinks::null_sink_mt>()};
    handlers::router router_ = make_router();
    server::session_settings usual_settings_{};
    server::session_settings small_settings_ = small_limits();
    server::connection_gate gate_{1};
    server::client_buffers memory_{64 << 20};
    server::date_cache date_;
    server::client_watch clients_{loop_};
    std::atomic<bool> draining_{false};
    server::unique_fd ours_;
    server::unique_fd theirs_;
};

// Some cuts for a number: mostly small pieces, or mostly large ones.
std::vector<std::string_view> cut(std::string_view bytes, std::uint8_t seed) {
    constexpr std::array<std::uint32_t, 4> most{2, 7, 40, 300};
    std::uint32_t state = seed * 2'654'435'761U + 1;
    std::vector<std::string_view> pieces;
    while (!bytes.empty()) {
        state = state * 1'664'525U + 1'013'904'223U;
        const auto piece = bytes.substr(0, 1 + ((state >> 16) % most[seed % most.size()]));
        pieces.push_back(piece);
        bytes.remove_prefix(piece.size());
    }
    return pieces;
}

std::vector<std::string_view> one_by_one(std::string_view bytes, std::uint8_t /*seed*/) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        pieces.push_back(bytes.substr(i, 1));
    }
    return pieces;
}

std::vector<std::string_view> in_one(std::string_view bytes, std::uint8_t /*seed*/) {
    return {bytes};
}

// In an input that wants them, this byte is not sent: 4 s pass instead.
constexpr char pause = '\xf7';

template <class Cut>
std::vector<wire::piece> pieces_of(std::string_view bytes, bool pauses, std::uint8_t seed, Cut how) {
    std::vector<wire::piece> pieces;
    concurrency::duration at{};
    while (!bytes.empty()) {
        const auto together = bytes.substr(0, pauses ? bytes.find(pause) : bytes.npos);
        if (!together.empty()) {
            for (const auto each : how(together, seed)) {
                pieces.push_back({each, at});
            }
        }
        at += 4s;
        bytes.remove_prefix(std::min(bytes.size(), together.size() + 1));
    }
    return pieces;
}

void check_plain(const story& told, std::string_view bytes, const server::session_settings& settings,
                 wire::ending end) {
    const auto plain = read_plain(bytes, settings.limits);
    for (std::size_t i = 0; i != plain.requests.size(); ++i) {
        const auto& asked = plain.requests[i];
        require(i < told.read.size(), "a plain request has no answer", bytes);
        const auto& got = told.read[i];
        require(told.records[i].method == asked.method && told.records[i].target == asked.target,
                "another request was answered", bytes);
        require(got.closes() == asked.closes, "the connection is kept or closed against the client's word", bytes);
        if (asked.method == "POST" && asked.target == "/echo") {
            require(got.status == 200 && got.body == asked.body, "a body came back as another", asked.body, got.body);
        }
        if (asked.target == "/hello") {
            require(got.status == (asked.method == "POST"      ? 405
                                   : asked.method == "OPTIONS" ? 204
                                                               : 200),
                    "a plain request is refused", bytes);
            require(asked.method != "GET" || got.body == "hello\n", "a plain request got another answer", got.body);
        }
    }
    if (plain.behind == plain_stream::rest::none) {
        require(told.read.size() == plain.requests.size(), "more answers than requests", bytes);
    } else if (plain.behind == plain_stream::rest::cut) {
        require(told.read.size() == plain.requests.size() + 1, "a request that was cut has not one answer", bytes);
        require(told.read.back().closes() && told.read.back().status == (end == wire::ending::open ? 408 : 400),
                "a request that was cut is answered wrongly", bytes);
    }
}

std::string difference(const story& a, const story& b) {
    if (a.spoke != b.spoke) {
        return "it took " + std::to_string(a.spoke.count()) + " and " + std::to_string(b.spoke.count()) + " ms";
    }
    for (std::size_t i = 0; i != std::max(a.answers.size(), b.answers.size()); ++i) {
        const std::string none = "none";
        const auto& one = i < a.answers.size() ? a.answers[i] : none;
        const auto& two = i < b.answers.size() ? b.answers[i] : none;
        if (one != two) {
            return "answer " + std::to_string(i + 1) + ": " + one + "\n---- otherwise ----\n" + two;
        }
    }
    return {};
}

void play(std::uint8_t mode, std::uint8_t seed, std::uint8_t takes, std::string_view bytes) {
    static auto& house = *new stage; // never destroyed: the process ends in the middle of it
    const auto end = static_cast<wire::ending>(mode & 3U);
    const bool small = (mode & 4U) != 0;
    const bool pauses = (mode & 8U) != 0;
    const auto tell = [&](auto how) {
        wire client;
        client.end = end;
        client.takes = takes * std::size_t{16};
        client.pieces = pieces_of(bytes, pauses, seed, how);
        return house.run(std::move(client), small);
    };
    const auto whole = tell(in_one);
    const auto pieces = difference(whole, tell(cut));
    require(pieces.empty(), "whole and in pieces differ", bytes, pieces);
    const auto single = difference(whole, tell(one_by_one));
    require(single.empty(), "whole and byte by byte differ", bytes, single);
    if (!pauses && (end == wire::ending::half_close || end == wire::ending::open)) {
        check_plain(whole, bytes, house.settings(small), end);
    }
}

} // namespace

} // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) {
        return -1;
    }
    muster::fuzz::play(data[0], data[1], data[2], {reinterpret_cast<const char*>(data) + 3, size - 3});
    return 0;
}
