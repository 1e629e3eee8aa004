// tests of upstream/: what a fan-out over HTTP asks the heap for once it is warm, so that nobody makes it more by
// accident. The far side is a thread of its own, whose memory is not counted.
#include "concurrency/when_all.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/real_loops.hpp"
#include "upstream/http_source.hpp"

#include <catch2/catch_test_macros.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using muster::concurrency::task;
using muster::tests::allocation_count;
using muster::tests::real_loops;
using namespace muster::upstream;

namespace {

/// A source of one user, whose documents are as large as most people's.
class one_user {
  public:
    one_user() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&where), size) == 0);
        REQUIRE(::listen(listener_, 16) == 0);
        REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&where), &size) == 0);
        port_ = ntohs(where.sin_port);
        thread_ = std::thread([this] { serve(); });
    }

    one_user(const one_user&) = delete;
    one_user& operator=(const one_user&) = delete;

    ~one_user() {
        ended_.store(true);
        thread_.join();
        ::close(listener_);
    }

    [[nodiscard]] http_settings settings(std::string name) const {
        http_settings made;
        made.name = std::move(name);
        made.origin.host = "127.0.0.1";
        made.origin.port = port_;
        return made;
    }

  private:
    void serve() {
        std::vector<pollfd> all{{.fd = listener_, .events = POLLIN, .revents = 0}};
        while (!ended_.load()) {
            if (::poll(all.data(), all.size(), 10) <= 0) {
                continue;
            }
            for (std::size_t i = all.size(); i-- != 1;) {
                if (all[i].revents != 0 && !answer(all[i].fd)) {
                    ::close(all[i].fd);
                    all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
                }
            }
            if (all.front().revents != 0) {
                all.push_back(
                    {.fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), .events = POLLIN, .revents = 0});
            }
        }
        for (std::size_t i = 1; i != all.size(); ++i) {
            ::close(all[i].fd);
        }
    }

    // A request comes in one piece: it is short, and its sender writes it at once.
    static bool answer(int fd) {
        std::array<char, 4096> heard{};
        const auto n = ::recv(fd, heard.data(), heard.size(), 0);
        if (n <= 0) {
            return false;
        }
        const bool profile = std::string_view(heard.data(), static_cast<std::size_t>(n)).contains("/profile ");
        const std::string body =
            profile
                ? R"({"bio":"Wrote the first program that was meant for a machine, and notes longer than what they were about.",)"
                  R"("location":"London","website":"https://ada.example/","language":"en-GB"})"
                : R"({"id":1,"name":"Ada Lovelace","email":"ada.lovelace@example.org","created_at":"2020-12-28T17:00:00Z"})";
        const auto text =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body;
        return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
    }

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> ended_{false};
    std::thread thread_;
};

struct both {
    std::optional<user> who;
    std::optional<profile> about;
};

task<both> fan_out(const users_repository& users, const profiles_repository& profiles) {
    auto [who, about] = co_await muster::concurrency::when_all(users.find(user_id{1}), profiles.find(user_id{1}));
    co_return both{std::move(who), std::move(about)};
}

} // namespace

TEST_CASE("a warm fan-out over HTTP asks the heap for the long texts of its models, and for nothing else") {
    const one_user far;
    real_loops loops(1); // Asio keeps memory for later only inside run()
    std::uint64_t most = 0;
    bool right = true;
    const auto body = [&]() -> task<void> { // the sources go where they were used
        const auto all = loops.all();
        const auto parsers = std::make_shared<body_parsers>(all);
        const http_users users(http_source(far.settings("users"), all, parsers, {}));
        const http_profiles profiles(http_source(far.settings("profiles"), all, parsers, {}));
        constexpr int warm_up = 16;
        for (int i = 0; i != warm_up + 100; ++i) {
            const allocation_count count;
            const auto got = co_await fan_out(users, profiles);
            if (i >= warm_up) {
                most = std::max(most, count.so_far());
            }
            right = right && got.who && got.about && got.who->email == "ada.lovelace@example.org";
        }
    };
    loops.run(0, body());
    CHECK(right);
    // E-mail address, bio and website: longer than what a string holds in place.
    constexpr std::uint64_t texts = 3;
    CHECK(most <= texts);
    if (muster::tests::allocations_are_counted()) {
        CHECK(most == texts);
    }
}
