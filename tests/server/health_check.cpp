// tests of server/health_check: against listeners of the test's own that answer, lie, close or say nothing.
#include "server/health_check.hpp"

#include "server/binding.hpp"

#include "tests/support/temporary_directory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <chrono>
#include <cstdlib>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace muster;
using namespace muster::server;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::chrono::milliseconds patience = 1min; // on a busy machine an answer that comes at once may take seconds

config::endpoint parsed(const std::string& text) {
    return config::parse_endpoint(text).value();
}

config::endpoint asked(const std::string& admin, const std::string& listen = "127.0.0.1:8080") {
    config::settings settings;
    settings.listen = {parsed(listen), parsed("127.0.0.1:1")};
    settings.admin.reset();
    if (admin != "off") {
        settings.admin = parsed(admin);
    }
    return health_endpoint(settings);
}

// Takes one connection, reads its request, says `answer` and closes.
class one_answer {
  public:
    one_answer(const std::string& where, std::string answer) : listening_(listen_on(parsed(where), 1, false)) {
        thread_ = std::thread([this, answer = std::move(answer)] {
            pollfd ready{.fd = listening_.sockets.front().get(), .events = POLLIN, .revents = 0};
            ::poll(&ready, 1, static_cast<int>(patience.count()));
            const unique_fd connection(::accept(ready.fd, nullptr, nullptr));
            char buffer[4096];
            const auto got = ::recv(connection.get(), buffer, sizeof buffer, 0);
            request_.assign(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
            static_cast<void>(!::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
        });
    }

    ~one_answer() {
        if (thread_.joinable()) {
            thread_.join();
        }
    }

    [[nodiscard]] config::endpoint where() const { return parsed(listening_.address); }

    std::string request() {
        thread_.join();
        return request_;
    }

  private:
    listening listening_;
    std::string request_;
    std::thread thread_;
};

} // namespace

TEST_CASE("the admin listener is asked, else the first public one, a wildcard on loopback") {
    CHECK(asked("127.0.0.1:9090") == parsed("127.0.0.1:9090"));
    CHECK(asked("0.0.0.0:9090") == parsed("127.0.0.1:9090"));
    CHECK(asked("[::]:9090") == parsed("[::1]:9090"));
    CHECK(asked("unix:/run/muster.sock") == parsed("unix:/run/muster.sock"));
    CHECK(asked("10.0.0.7:9090") == parsed("10.0.0.7:9090"));
    CHECK(asked("off") == parsed("127.0.0.1:8080"));
    CHECK(asked("off", "0.0.0.0:80") == parsed("127.0.0.1:80"));
}

TEST_CASE("200 is healthy, anything else is not, and the body's first line is told") {
    one_answer healthy("127.0.0.1:0", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
    const auto good = ask_health(healthy.where(), false, patience);
    CHECK(good.ok);
    CHECK(good.line == "/livez of " + config::to_string(healthy.where()) + ": 200 ok");
    CHECK_THAT(healthy.request(), ContainsSubstring("GET /livez HTTP/1.1\r\nHost: 127.0.0.1:"));

    one_answer draining("127.0.0.1:0", "HTTP/1.1 503 Service Unavailable\r\n\r\nit is \x1b[2J draining\nmore");
    const auto bad = ask_health(draining.where(), true, patience);
    CHECK_FALSE(bad.ok);
    CHECK_THAT(bad.line, ContainsSubstring(R"(: 503 it is \x1b[2J draining)"));
    CHECK_THAT(draining.request(), ContainsSubstring("GET /readyz HTTP/1.1\r\n"));
}

TEST_CASE("a Unix socket is asked too") {
    const muster::tests::temporary_directory here;
    const auto where = "unix:" + here.file("s");
    {
        one_answer healthy(where, "HTTP/1.1 200 OK\r\n\r\nok\n");
        CHECK(ask_health(healthy.where(), false, patience).ok);
    }
    CHECK_THAT(ask_health(parsed(where), false, patience).line, ContainsSubstring("/s: No such file or directory"));
}

TEST_CASE("what is no answer is told in one line") {
    one_answer silent("127.0.0.1:0", "");
    CHECK_THAT(ask_health(silent.where(), false, patience).line, ContainsSubstring(": closed without an answer"));
    one_answer other("127.0.0.1:0", "SSH-2.0-OpenSSH_9.2\r\n");
    CHECK_THAT(ask_health(other.where(), false, patience).line, ContainsSubstring(": not an HTTP answer"));
    CHECK_THAT(ask_health(parsed("127.0.0.1:1"), false, patience).line, ContainsSubstring(":1: Connection refused"));
    CHECK_THAT(ask_health(parsed("127.0.0.1:0"), false, patience).line, ContainsSubstring("port 0 is any free one"));

    for (const auto* odd :
         {"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1x200 OK\r\n\r\nok\n", "HTTP/1.1 200"}) {
        one_answer liar("127.0.0.1:0", odd);
        const auto heard = ask_health(liar.where(), false, patience);
        INFO(heard.line);
        CHECK_FALSE(heard.ok);
    }
    for (const auto* cut : {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Le",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n"}) {
        one_answer halved("127.0.0.1:0", cut);
        const auto heard = ask_health(halved.where(), false, patience);
        CHECK_FALSE(heard.ok);
        CHECK_THAT(heard.line, ContainsSubstring(": the answer is cut short"));
    }

    const auto mute = listen_on(parsed("127.0.0.1:0"), 1, false); // the kernel takes the connection, and that is all
    CHECK_THAT(ask_health(parsed(mute.address), false, 20ms).line, ContainsSubstring(": no answer within 20 ms"));
}
