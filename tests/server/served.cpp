// tests/server: see served.hpp.
#include "tests/server/served.hpp"

#include "concurrency/deadline.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sys/socket.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace muster::tests {

using namespace std::chrono_literals;
using concurrency::task;
using handlers::request;
using handlers::response;

namespace {

task<response> hello(const request& /*request*/) {
    co_return handlers::text(200, "hello\n");
}

task<response> echo(const request& request) {
    co_return handlers::text(200, request.body());
}

task<response> hang(const request& /*request*/) {
    co_await concurrency::sleep_for(std::chrono::hours(1000));
    co_return handlers::text(200, "never\n");
}

task<response> late(const request& /*request*/) {
    co_await concurrency::sleep_for(1s);
    co_return handlers::text(200, "late\n");
}

task<response> fail(const request& /*request*/) {
    throw std::runtime_error("a secret");
    co_return response{};
}

task<response> roll(const request& /*request*/) {
    co_return handlers::text(200, "roll\n");
}

} // namespace

handlers::router make_test_router() {
    handlers::router router;
    router.get("/hello", hello).timeout(5s);
    router.post("/echo", echo).timeout(5s);
    router.get("/hang", hang).timeout(5s);
    router.get("/late", late).timeout(5s);
    router.get("/finish", late).timeout(5s).on_client_gone(handlers::client_gone_policy::finish);
    router.get("/throw", fail).timeout(5s);
    router.get("/debug/tasks", roll).timeout(5s).access(handlers::route_access::debug);
    return router;
}

struct served::logged {
    std::ostringstream text;
    spdlog::logger logger{"test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text)};
};

served::served(server::session_settings s, server::door through, handlers::router routes)
    : settings(std::move(s)),
      log_(std::make_unique<logged>()),
      router_(std::move(routes)),
      clients_(loop.get()),
      dispatch_(std::make_unique<server::dispatcher>(router_, std::move(through), ids_, log_->logger)),
      context_(std::make_unique<server::session_context>(settings, *dispatch_, open, date_, draining, clients_, memory,
                                                         &records)) {
    loop.get().spawn("clients that leave", clients_.run());
    loop.settle();
}

served::~served() {
    client_.reset();
    until_ended();
    loop.get().cancel_all(concurrency::cancel_cause::shutdown);
    loop.run_real([this] { return loop.get().live_tasks() == 0; });
    CHECK(gate.open() == 0);
    CHECK(memory.arriving.held() == 0);
    CHECK(memory.leaving.held() == 0);
}

void served::connect() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    client_.reset(ends[0]);
    heard_.clear();
    ended_ = false;
    reset_ = false;
    auto place = gate.enter();
    REQUIRE(place);
    loop.get().spawn("connection", server::serve_connection(server::unique_fd(ends[1]), std::move(*place), *context_),
                     std::nullopt, concurrency::task_kind::connection, "test:1");
    loop.settle();
}

void served::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EAGAIN) {
            return; // the server has closed: what it said is what counts
        } else {
            read_some(); // it may wait for us to read
        }
        loop.get().context().poll();
    }
}

void served::slip(std::string_view bytes) const {
    REQUIRE(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

void served::finish() {
    ::shutdown(client_.get(), SHUT_WR);
}

void served::reset() {
    ::shutdown(client_.get(), SHUT_RDWR);
}

void served::until_ended() {
    loop.run_real([this] { return live_tasks() == 0; });
}

std::string_view served::waits_for() {
    for (const auto& entry : loop.get().registry()) {
        const auto* const task = entry.is_marker ? nullptr : static_cast<const concurrency::task_node*>(&entry);
        if (task != nullptr && task->label().kind == concurrency::task_kind::connection) {
            return task->waits_for().what;
        }
    }
    return {};
}

bool served::read_some() {
    if (ended_) {
        return false; // what comes after the end of a file is nobody's: a reset then destroys nothing
    }
    std::array<char, 65536> piece;
    const auto n = ::recv(client_.get(), piece.data(), piece.size(), 0);
    if (n > 0) {
        heard_.append(piece.data(), static_cast<std::size_t>(n));
    }
    reset_ = reset_ || (n < 0 && errno != EAGAIN);
    ended_ = ended_ || n == 0 || reset_;
    return n > 0;
}

std::string served::answers(int n) {
    loop.run_real([&] {
        while (read_some()) {
        }
        return ended_ || count_of(heard_, "HTTP/1.1 ") >= n;
    });
    return std::exchange(heard_, {});
}

std::string served::rest() {
    loop.run_real([&] {
        while (read_some()) {
        }
        return ended_;
    });
    return std::exchange(heard_, {});
}

std::size_t served::sip(std::size_t most) {
    std::string into(most, '\0');
    std::size_t got = 0;
    for (int i = 0; i != 20 && got < most; ++i) {
        const auto n = ::recv(client_.get(), into.data(), most - got, 0);
        got += n > 0 ? static_cast<std::size_t>(n) : 0;
        loop.get().context().run_one_for(1ms);
    }
    return got;
}

std::string served::hear() {
    while (read_some()) {
    }
    return std::exchange(heard_, {});
}

std::string served::talk(std::string_view bytes) {
    connect();
    send(bytes);
    finish();
    return rest();
}

void served::pass(concurrency::duration d) {
    for (int i = 0; i != 20; ++i) { // what is on its way arrives
        loop.get().context().run_one_for(1ms);
    }
    loop.advance(d);
}

std::string served::log() const {
    log_->logger.flush();
    return log_->text.str();
}

int status_of(std::string_view text) {
    REQUIRE(text.starts_with("HTTP/1.1 "));
    return std::stoi(std::string(text.substr(9, 3)));
}

bool has(std::string_view text, std::string_view what) {
    return text.find(what) != std::string_view::npos;
}

int count_of(std::string_view text, std::string_view what) {
    int n = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) {
        ++n;
    }
    return n;
}

server::session_settings with_large_bodies() {
    server::session_settings settings;
    settings.limits.body = 1'000'000;
    return settings;
}

} // namespace muster::tests
