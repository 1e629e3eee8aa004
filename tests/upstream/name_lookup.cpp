// tests of upstream/name_lookup and address_book: names that are asked for in the background, by a stand-in for the
// system that answers when the test says so.
#include "upstream/name_lookup.hpp"

#include "tests/upstream/far_side.hpp"
#include "upstream/errors.hpp"
#include "upstream/http_client.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using muster::tests::far_side;
using muster::tests::ok;
using muster::tests::question;
using muster::tests::test_loop;
using namespace muster::upstream;

namespace {

boost::asio::ip::tcp::endpoint at(const char* address, std::uint16_t port = 1) {
    return {boost::asio::ip::make_address(address), port};
}

/// The system's resolver, which knows what it is told. It outlives the test: lookups do not ask whether they may go on.
class resolver {
  public:
    /// The next lookup, or the one under way, gets this.
    void answers(std::vector<boost::asio::ip::tcp::endpoint> addresses, std::string error = "") {
        const std::lock_guard lock(all_->mutex);
        all_->next = looked_up{.addresses = std::move(addresses), .error = std::move(error), .at = {}};
        all_->changed.notify_all();
    }

    /// How many lookups have begun.
    [[nodiscard]] int asked() const {
        const std::lock_guard lock(all_->mutex);
        return all_->asked;
    }

    [[nodiscard]] name_lookup::ask ask() const {
        return [all = all_](const std::string&, std::uint16_t) {
            std::unique_lock lock(all->mutex);
            ++all->asked;
            all->changed.wait(lock, [&] { return all->next.has_value(); });
            auto found = std::move(*all->next);
            all->next.reset();
            return found;
        };
    }

  private:
    struct shared {
        std::mutex mutex;
        std::condition_variable changed;
        std::optional<looked_up> next;
        int asked = 0;
    };

    std::shared_ptr<shared> all_ = std::make_shared<shared>();
};

struct named_source {
    named_source() {
        auto settings = far.settings();
        settings.origin.host = "posts.example";
        client.emplace(
            settings, std::vector{&loop.get()},
            [this](const std::string& what) {
                const std::lock_guard lock(mutex);
                said.push_back(what);
            },
            names.ask());
    }

    ~named_source() { names.answers({}, "the test is over"); }

    /// One question and its answer, on a connection of its own.
    void exchange(std::size_t number) {
        question asked(loop, *client);
        far.accepts();
        far.hears(number);
        far.says(ok("{}", "Connection: close\r\n"), number);
        CHECK(asked.ends().status() == 200);
    }

    std::vector<std::string> heard() {
        const std::lock_guard lock(mutex);
        return said;
    }

    test_loop loop;
    far_side far{loop};
    resolver names;
    std::mutex mutex;
    std::vector<std::string> said;
    std::optional<http_client> client; // first to go: then nobody is told anything any more
};

} // namespace

TEST_CASE("an address written out is looked up by nobody") {
    CHECK(numeric_host("127.0.0.1", 8080)->addresses == std::vector{at("127.0.0.1", 8080)});
    CHECK(numeric_host("::1", 80)->addresses == std::vector{at("::1", 80)});
    CHECK_FALSE(numeric_host("localhost", 80));
    CHECK_FALSE(numeric_host("127.1.example", 80));
}

TEST_CASE("the families of a host's addresses take turns") {
    CHECK(interleaved({at("::1"), at("::2"), at("127.0.0.1"), at("::3"), at("127.0.0.2")}) ==
          std::vector{at("::1"), at("127.0.0.1"), at("::2"), at("127.0.0.2"), at("::3")});
    CHECK(interleaved({at("127.0.0.1"), at("::1")}) == std::vector{at("127.0.0.1"), at("::1")});
    CHECK(interleaved({}).empty());
}

TEST_CASE("the system knows its own name, and says why it does not know another") {
    const auto own = ask_system("localhost", 8080);
    REQUIRE_FALSE(own.addresses.empty());
    CHECK(own.addresses.front().port() == 8080);
    const auto none = ask_system("no name at all", 80);
    CHECK(none.addresses.empty());
    CHECK_FALSE(none.error.empty());
}

TEST_CASE("who needs a name waits for it within its own time, and is served when it is there") {
    named_source s;
    question hurried(s.loop, *s.client, "/1", 100ms);
    question patient(s.loop, *s.client, "/2");
    s.loop.settle();
    s.loop.advance(100ms);
    CHECK(hurried.ends().was_cancelled());
    CHECK_FALSE(patient.ended());
    s.names.answers({at("127.0.0.1", s.far.port())});
    s.far.accepts();
    CHECK(s.far.hears().starts_with("GET /2 HTTP/1.1\r\nHost: posts.example:"));
    s.far.says(ok("{}"));
    CHECK(patient.ends().status() == 200);
}

TEST_CASE("a name without an address fails who needs it, and is asked for again a second later") {
    named_source s;
    question first(s.loop, *s.client);
    s.names.answers({}, "Name or service not known");
    const auto error = first.ends().failed_as<source_failed>();
    CHECK(error.kind() == failure::unresolved);
    CHECK(std::string(error.what()) == "posts: the name posts.example has no address: Name or service not known");
    CHECK(s.heard() ==
          std::vector<std::string>{"posts: the name posts.example has no address: Name or service not known"});
    question second(s.loop, *s.client);
    CHECK(second.ends().failed_as<source_failed>().kind() == failure::unresolved);
    CHECK(s.names.asked() == 1);
    s.loop.advance(1s);
    question third(s.loop, *s.client);
    s.names.answers({at("127.0.0.1", s.far.port())});
    s.far.accepts();
    s.far.hears();
    s.far.says(ok("{}"));
    CHECK(third.ends().status() == 200);
    CHECK(s.names.asked() == 2);
    CHECK(s.heard().back() == "posts: the name posts.example has an address again");
}

TEST_CASE("known addresses serve while newer ones are asked for, and also if none are found") {
    named_source s;
    s.names.answers({at("127.0.0.1", s.far.port())});
    s.exchange(0);
    s.loop.advance(29s);
    s.exchange(1);
    CHECK(s.names.asked() == 1);
    s.loop.advance(1s);
    s.exchange(2); // although nobody has answered the lookup that it began
    s.loop.run_real([&] { return s.names.asked() == 2; });
    s.loop.advance(5s);
    s.exchange(3);
    CHECK(s.names.asked() == 2); // one at a time
    s.names.answers({}, "Temporary failure in name resolution");
    s.loop.run_real([&] { return s.heard().size() == 1; });
    s.loop.settle();
    CHECK(s.heard().front() ==
          "posts: the name posts.example has no address now (Temporary failure in name resolution): "
          "the last ones known are used");
    s.exchange(4);
}

TEST_CASE("nobody waits for a lookup that hangs, at the end neither") {
    resolver names;
    {
        test_loop loop;
        far_side far(loop);
        auto settings = far.settings();
        settings.origin.host = "posts.example";
        http_client client(settings, {&loop.get()}, {}, names.ask());
        loop.run_real([&] { return names.asked() == 1; });
    }
    names.answers({at("127.0.0.1")}); // to nobody
}

TEST_CASE("a lookup that could not begin, or that failed by an exception, is not the last one") {
    test_loop loop;
    std::atomic<int> told{0};

    /// Cannot be copied into the lookup's thread the first time, and throws there the second.
    struct unlucky {
        std::shared_ptr<std::atomic<int>> copies = std::make_shared<std::atomic<int>>(0);
        std::shared_ptr<std::atomic<int>> asked = std::make_shared<std::atomic<int>>(0);
        bool armed = false;

        unlucky() = default;
        unlucky(unlucky&&) = default;

        unlucky(const unlucky& other) : copies(other.copies), asked(other.asked), armed(other.armed) {
            if (armed && copies->fetch_add(1) == 0) {
                throw std::bad_alloc();
            }
        }

        unlucky& operator=(const unlucky&) = delete;
        ~unlucky() = default;

        looked_up operator()(const std::string& /*host*/, std::uint16_t port) const {
            if (asked->fetch_add(1) == 0) {
                throw std::runtime_error("out of luck");
            }
            return {.addresses = {at("127.0.0.1", port)}, .error = {}, .at = {}};
        }
    };

    unlucky ask;
    ask.armed = true;
    std::mutex mutex;
    std::vector<std::string> errors;
    name_lookup lookup(
        "posts.example", 80,
        [&](const std::shared_ptr<const looked_up>& found) {
            const std::lock_guard lock(mutex);
            errors.push_back(found->error);
            told.fetch_add(1);
        },
        name_lookup::ask(std::move(ask)));
    CHECK_THROWS_AS(lookup.start(), std::bad_alloc);
    lookup.start();
    loop.run_real([&] { return told.load() == 1; });
    lookup.start();
    loop.run_real([&] { return told.load() == 2; });
    const std::lock_guard lock(mutex);
    CHECK(errors == std::vector<std::string>{"out of luck", ""});
}
