// tests/server: one connection of a server without a network: a socket pair, and a loop in virtual time.
#pragma once

#include "handlers/router.hpp"
#include "server/client_watch.hpp"
#include "server/connections.hpp"
#include "server/dispatch.hpp"
#include "server/request_ids.hpp"
#include "server/session.hpp"
#include "server/unique_fd.hpp"
#include "tests/support/test_loop.hpp"

#include <atomic>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace muster::tests {

/// GET /hello, POST /echo (answers the body), GET /hang, GET /late (1 s), GET /throw, GET /debug/tasks (as a debug
/// route, answers "roll"), GET /finish (1 s, whether its client waits or not), each with a limit of 5 s.
[[nodiscard]] handlers::router make_test_router();

/// Keeps what it is told.
class kept_records final : public server::request_log {
  public:
    void add(server::request_record&& record) noexcept override { all.push_back(std::move(record)); }

    std::vector<server::request_record> all;
};

class served {
  public:
    explicit served(server::session_settings settings = {}, server::door through = {},
                    handlers::router routes = make_test_router());
    ~served();

    /// Opens the connection.
    void connect();

    /// Sends; runs the server until all of it is taken.
    void send(std::string_view bytes);

    /// Sends without letting the server run.
    void slip(std::string_view bytes) const;

    /// No more is sent.
    void finish();

    /// Runs the server until it has answered `n` more times, and returns what it said since the last call.
    std::string answers(int n = 1);

    /// Runs the server until it closes; what it said since the last call.
    std::string rest();

    /// What it said since the last call, without letting it run; and whether its end of the connection is among it.
    std::string hear();

    /// At most `most` bytes of what it has said, and of what it says now that there is room.
    std::size_t sip(std::size_t most);

    [[nodiscard]] bool has_ended() const noexcept { return ended_; }

    /// connect(), send(), finish(), rest().
    std::string talk(std::string_view bytes);

    /// Lets virtual time pass once the server has read everything.
    void pass(concurrency::duration d);

    /// Whether the end of the connection was an error and no end of file.
    [[nodiscard]] bool was_reset() const noexcept { return reset_; }

    [[nodiscard]] std::string log() const;

    test_loop loop;
    std::atomic<bool> draining{false};
    server::connection_gate gate{10};
    server::client_buffers memory{16 * 1024 * 1024};
    server::open_connections open;
    server::session_settings settings;
    kept_records records;

    /// Tasks beside that which watches the clients.
    [[nodiscard]] std::uint64_t live_tasks() {
        return loop.get().live_tasks() - loop.get().counts().of(concurrency::task_kind::background).tasks;
    }

    /// What the connection's task waits for.
    [[nodiscard]] std::string_view waits_for();

    /// The client resets the connection.
    void reset();

    /// Runs the server until the connection has ended on its side.
    void until_ended();

  private:
    bool read_some();

    struct logged;
    std::unique_ptr<logged> log_;
    handlers::router router_;
    server::request_ids ids_;
    server::date_cache date_;
    server::client_watch clients_;
    std::unique_ptr<server::dispatcher> dispatch_;
    std::unique_ptr<server::session_context> context_;
    server::unique_fd client_;
    std::string heard_;
    bool ended_ = false;
    bool reset_ = false;
};

/// A whole request for GET /hello.
inline const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Of the answer with which `text` begins; fails the test if there is none.
[[nodiscard]] int status_of(std::string_view text);

/// Whether `what` stands in `text`, and how often.
[[nodiscard]] bool has(std::string_view text, std::string_view what);
[[nodiscard]] int count_of(std::string_view text, std::string_view what);

/// Settings that take bodies of a million bytes.
[[nodiscard]] server::session_settings with_large_bodies();

} // namespace muster::tests
