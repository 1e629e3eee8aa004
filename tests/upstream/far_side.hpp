// tests/upstream: the other side of an HTTP client, played by the test word for word; and a question put to it.
#pragma once

#include "tests/support/test_loop.hpp"
#include "upstream/http_client.hpp"

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::tests {

/// Listens on a port of its own of 127.0.0.1. Whatever waits runs the loop in real time: virtual time stands still.
class far_side {
  public:
    /// `backlog`: of connections that nobody accepts.
    explicit far_side(test_loop& loop, int backlog = 16);
    far_side(const far_side&) = delete;
    far_side& operator=(const far_side&) = delete;
    ~far_side();

    [[nodiscard]] upstream::http_settings settings() const;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Waits for a connection; returns its number, from 0 on.
    std::size_t accepts();

    /// Whether one has come that was not accepted yet.
    [[nodiscard]] bool has_another() const;

    /// Waits for the next request on a connection, up to its empty line.
    std::string hears(std::size_t connection = 0);

    /// Whether anything has come on a connection that hears() has not returned yet.
    [[nodiscard]] bool has_heard(std::size_t connection) const;

    void says(std::string_view text, std::size_t connection = 0);
    void closes(std::size_t connection = 0);
    void resets(std::size_t connection = 0);

    /// Waits for the connection's end, and says whether it was a reset.
    [[nodiscard]] bool was_reset(std::size_t connection = 0);

    /// Connects to itself until nobody else can.
    void fill();

  private:
    test_loop& loop_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::vector<int> connections_;
    std::vector<int> fillers_;
};

/// "HTTP/1.1 200 OK" with that body as JSON, and more fields.
[[nodiscard]] std::string ok(std::string_view body, std::string_view fields = "");

/// The same with another status line, as "504 Gateway Timeout", and type.
[[nodiscard]] std::string answer(std::string_view status, std::string_view body = "",
                                 std::string_view fields = "Content-Type: application/problem+json\r\n");

/// A GET under way, and what becomes of it. It ends before the client.
class question {
  public:
    question(test_loop& loop, upstream::http_client& client, std::string_view target = "/api/users/7",
             std::optional<concurrency::duration> budget = std::nullopt);

    /// Runs the loop in real time until it is over.
    question& ends();

    [[nodiscard]] bool ended() const noexcept { return ended_; }

    /// After ends(): throws what it threw.
    [[nodiscard]] int status() const;
    [[nodiscard]] const std::string& body() const;

    /// After ends(): the error, which is an E; else the test fails.
    template <class E>
    E failed_as() const {
        if (!error_) {
            throw std::logic_error("it did not fail");
        }
        try {
            std::rethrow_exception(error_);
        } catch (const E& error) {
            return error;
        }
    }

    [[nodiscard]] bool was_cancelled() const noexcept { return cancelled_; }

  private:
    concurrency::task<void> ask(upstream::http_client& client, upstream::http_target target);

    test_loop& loop_;
    int status_ = 0;
    std::string body_;
    std::exception_ptr error_;
    bool ended_ = false;
    bool cancelled_ = false;
};

} // namespace muster::tests
