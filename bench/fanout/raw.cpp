// bench/fanout: bench_raw, the fan-out of the benchmark's route by hand on epoll: what the work costs at least.
//
//     bench_raw typed|spliced USERS_PORT PROFILES_PORT
//
// `typed` reads both documents into muster's models by muster's own parser and writes muster's document; `spliced`
// copies the two bodies between three pieces of text. Neither has a deadline, an answer for a service that fails,
// limits, or a roll of its tasks: any of these ends the process. Prints its port and serves until it is ended.
#include "bench/fanout/messages.hpp"
#include "bench/fanout/pair_document.hpp"
#include "bench/fanout/sockets.hpp"
#include "upstream/http_bodies.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster::bench {

namespace {

constexpr std::size_t services = 2;
constexpr std::array<std::string_view, services> suffixes{"", "/profile"};

/// A client's connection, and its one request.
struct client {
    std::size_t index = 0;
    unique_fd socket; // none: it left, and its place is free once no answer is missing
    inbox in;
    std::int64_t id = 0;
    std::size_t missing = 0;                  // answers
    upstream::user user;                      // typed
    upstream::profile profile;                // typed
    std::array<std::string, services> bodies; // spliced
};

/// A connection to a service.
struct line {
    unique_fd socket;
    inbox in;
    std::size_t service = 0;
    client* asks_for = nullptr; // nobody: it is free
};

/// What an event is about: one of these three, in the lowest bits of its meaning.
enum kind : std::uint64_t { door, a_client, a_line, kinds };

class raw_server {
  public:
    raw_server(bool typed, std::array<std::uint16_t, services> ports)
        : typed_(typed),
          ports_(ports),
          door_(listen_on_loopback()) {
        poller_.watch(door_.socket, door);
    }

    void serve() {
        std::printf("serves http://127.0.0.1:%d\n", door_.port);
        std::fflush(stdout);
        while (true) {
            for (const auto& event : poller_.wait(-1)) {
                const auto index = event.data.u64 / kinds;
                switch (event.data.u64 % kinds) {
                case a_client:
                    hear_client(index, poller::left(event));
                    break;
                case a_line:
                    hear_line(*lines_[index]);
                    break;
                default:
                    welcome();
                }
            }
        }
    }

  private:
    void welcome() {
        while (auto socket = accept_from(door_.socket)) {
            if (free_clients_.empty()) {
                free_clients_.push_back(clients_.size());
                clients_.push_back(std::make_unique<client>());
                clients_.back()->index = clients_.size() - 1;
            }
            const auto index = free_clients_.back();
            free_clients_.pop_back();
            poller_.watch(socket, index * kinds + a_client);
            clients_[index]->socket = std::move(socket);
        }
    }

    void hear_client(std::size_t index, bool left) {
        auto& from = *clients_[index];
        if (from.in.read_from(from.socket) == inbox::outcome::ended || left) {
            from.socket.reset();
            if (from.missing == 0) {
                leave(from);
            }
            return;
        }
        const auto asks = first_question(from.in.unread());
        if (!asks) {
            return;
        }
        const auto wanted = read_target(asks->target);
        if (wanted.what != resource::pair || wanted.id < 1) {
            throw not_understood("only /bench/user/{id} is served");
        }
        from.in.drop(asks->size);
        from.id = wanted.id;
        from.missing = services;
        for (std::size_t service = 0; service != services; ++service) {
            ask(from, service);
        }
    }

    void leave(client& gone) {
        gone.in = {};
        free_clients_.push_back(gone.index);
    }

    void ask(client& for_whom, std::size_t service) {
        auto& to = free_line(service);
        to.asks_for = &for_whom;
        request_ = "GET /api/users/";
        request_ += std::to_string(for_whom.id);
        request_ += suffixes[service];
        request_ += " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n";
        if (!send_whole(to.socket, request_)) {
            throw not_understood("a service closed a connection");
        }
    }

    line& free_line(std::size_t service) {
        auto& free = free_lines_[service];
        if (free.empty()) {
            auto made = std::make_unique<line>();
            made->socket = connect_to(ports_[service]);
            made->service = service;
            poller_.watch(made->socket, lines_.size() * kinds + a_line);
            free.push_back(made.get());
            lines_.push_back(std::move(made));
        }
        auto& taken = *free.back();
        free.pop_back();
        return taken;
    }

    void hear_line(line& from) {
        if (from.in.read_from(from.socket) == inbox::outcome::ended) {
            throw not_understood("a service closed a connection");
        }
        const auto got = first_answer(from.in.unread());
        if (!got) {
            return;
        }
        if (got->status != 200 || from.asks_for == nullptr) {
            throw not_understood("a service failed");
        }
        auto& whose = *from.asks_for;
        keep(whose, from.service, got->body);
        from.in.drop(got->size);
        from.asks_for = nullptr;
        free_lines_[from.service].push_back(&from);
        if (--whose.missing == 0) {
            answer(whose);
        }
    }

    void keep(client& whose, std::size_t service, std::string_view body) {
        if (!typed_) {
            whose.bodies[service] = body.substr(0, body.find_last_not_of('\n') + 1);
        } else if (service == 0) {
            whose.user = good(bodies_.parse_user({body}, upstream::user_id{whose.id}));
        } else {
            whose.profile = good(bodies_.parse_profile({body}, upstream::user_id{whose.id}));
        }
    }

    template <class Model>
    static Model good(std::expected<Model, upstream::bad_field> read) {
        if (!read) {
            throw not_understood("a service's document " + read.error().reason);
        }
        return *std::move(read);
    }

    void answer(client& to) {
        if (!to.socket) {
            leave(to);
            return;
        }
        document_.clear();
        if (typed_) {
            append_json(document_, pair_document{to.user, to.profile});
        } else {
            document_ += R"({"user":)";
            document_ += to.bodies[0];
            document_ += R"(,"profile":)";
            document_ += to.bodies[1];
            document_ += '}';
        }
        document_ += '\n';
        if (const auto moment = now(); moment - dated_ > second) {
            date_ = http_date();
            dated_ = moment;
        }
        // One that has left is told so by its next edge.
        static_cast<void>(send_whole(to.socket, json_answer(date_, document_)));
    }

    static constexpr std::int64_t second = 1'000'000'000;

    bool typed_;
    std::array<std::uint16_t, services> ports_;
    listening door_;
    poller poller_;
    upstream::body_parser bodies_;
    std::vector<std::unique_ptr<client>> clients_;
    std::vector<std::size_t> free_clients_;
    std::vector<std::unique_ptr<line>> lines_;
    std::array<std::vector<line*>, services> free_lines_;
    std::string request_;
    std::string document_;
    std::string date_;
    std::int64_t dated_ = -second;
};

} // namespace

} // namespace muster::bench

int main(int argc, char** argv) {
    using namespace muster::bench;
    try {
        const std::string_view how = argc == 4 ? argv[1] : "";
        if (how != "typed" && how != "spliced") {
            throw not_understood("bench_raw typed|spliced USERS_PORT PROFILES_PORT");
        }
        const auto port = [](const char* text) { return static_cast<std::uint16_t>(std::atoi(text)); };
        raw_server(how == "typed", {port(argv[2]), port(argv[3])}).serve();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_raw: %s\n", error.what());
        return 1;
    }
}
